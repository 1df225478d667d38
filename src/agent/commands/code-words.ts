import { type CommandWord, isKnown, unknownText } from "./simple-command.ts";

interface Code {
  readonly code: string;
}

/**
 * The shell code that a command is given, by its words or by its input. `unclear` when it is not known, or is in a file.
 */
export function codeIn(
  name: string,
  args: readonly CommandWord[],
  input: CommandWord | undefined,
): Code | "unclear" | undefined {
  const given = args[0]?.value === "--" ? args.slice(1) : args;
  if (name === "eval") return joined(given);
  if (name === "trap") return given.length < 2 ? undefined : textOf(given[0]);
  if (!shells.has(name)) return undefined;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at];
    if (!arg || !isKnown(arg)) return "unclear";
    if (arg.value === "--" || !/^[-+]/.test(arg.value)) return "unclear";
    // What comes after the letter c is the next word, whatever letters stand beside it.
    if (/^-[A-Za-z]*c[A-Za-z]*$/.test(arg.value)) {
      const next = args[at + 1];
      return next && /^[-+]/.test(next.value) ? "unclear" : textOf(next);
    }
    if (!/^-[eilnuvxrs]+$/.test(arg.value)) return "unclear";
  }
  return textOf(input);
}

/** Why nobody can tell what such a command runs; undefined for all others. */
export function runsCode(name: string, args: readonly CommandWord[]): string | undefined {
  if (name === "source" || name === ".") return "it runs what is in a file";
  if (changesShell.has(name)) return "it changes what other words mean";
  if (runners.has(name)) return "what it runs in turn can't be told";
  const evaluates =
    subscripts.has(name) && args.some(({ value }) => /\[.*(?:\$\(|`|\0)/s.test(value));
  const isNumber = declares.has(name) && args.some(({ value }) => /^-\w*i/.test(value));
  if (evaluates || isNumber) return "it may run what its words hold";
  // A word that is not known may be the option that runs the words after it.
  const mayRun = name === "find" && args.some(({ value }) => value.startsWith(unknownText));
  return mayRun ? "what it runs in turn can't be told" : undefined;
}

const shells = new Set(["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "rbash"]);
const changesShell = new Set([
  "alias",
  "bind",
  "compgen",
  "complete",
  "enable",
  "fc",
  "hash",
  "let",
  "mapfile",
  "readarray",
  "shopt",
]);
/** Programs that run what they are given in ways of their own. */
const runners = new Set([
  "at",
  "batch",
  "entr",
  "expect",
  "fakeroot",
  "flock",
  "ltrace",
  "nsenter",
  "parallel",
  "proot",
  "rlwrap",
  "runuser",
  "screen",
  "script",
  "ssh",
  "start-stop-daemon",
  "strace",
  "su",
  "systemd-run",
  "tmux",
  "watch",
]);
const declares = new Set(["declare", "local", "typeset"]);
/** Shells evaluate the subscript of a variable's name that these are given. */
const subscripts = new Set([
  "[",
  "declare",
  "export",
  "local",
  "printf",
  "read",
  "readonly",
  "test",
  "typeset",
  "unset",
  "wait",
]);

const textOf = (given: CommandWord | undefined): Code | "unclear" =>
  given && isKnown(given) ? { code: given.value } : "unclear";

const joined = (args: readonly CommandWord[]): Code | "unclear" =>
  args.every(isKnown) ? { code: args.map(({ value }) => value).join(" ") } : "unclear";
