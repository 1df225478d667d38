import { type CommandWord, isKnown, unknownText } from "./simple-command.ts";

/** How a program that runs another one reads its words up to that. */
interface Wrapper {
  /** Options of one letter without a value, and with one. */
  readonly flags?: string;
  readonly values?: string;
  /** Long options whose value, if any, comes with `=`; and those that have one, with `=` or as the next word. */
  readonly longFlags?: readonly string[];
  readonly longValues?: readonly string[];
  /** Words between the options and the program. */
  readonly operands?: number;
  /** `NAME=value` may stand before the program. */
  readonly assigns?: boolean;
  /** More words come from its input. */
  readonly appends?: boolean;
  /** `-5`, the old way to write `-n 5`. */
  readonly numbers?: boolean;
}

const wrappers: Readonly<Record<string, Wrapper>> = {
  builtin: {},
  busybox: {},
  chroot: { operands: 1, longFlags: ["skip-chdir"], longValues: ["userspec", "groups"] },
  command: { flags: "p" },
  doas: { flags: "nL", values: "Cu" },
  env: {
    flags: "i0v",
    values: "uC",
    longFlags: ["ignore-environment", "null", "debug"],
    longValues: ["unset", "chdir"],
    assigns: true,
  },
  exec: { flags: "cl", values: "a" },
  ionice: { flags: "t", values: "cn" },
  nice: { values: "n", longValues: ["adjustment"], numbers: true },
  nohup: {},
  setsid: { flags: "cfw", longFlags: ["ctty", "fork", "wait"] },
  stdbuf: { values: "ioe", longValues: ["input", "output", "error"] },
  sudo: {
    flags: "AbEHnPSkK",
    values: "CDghpRTu",
    longFlags: ["non-interactive", "preserve-env", "set-home", "background", "stdin"],
    longValues: ["user", "group"],
    assigns: true,
  },
  time: { flags: "apqv", values: "fo" },
  timeout: {
    flags: "fpv",
    values: "ks",
    longFlags: ["foreground", "preserve-status", "verbose"],
    longValues: ["kill-after", "signal"],
    operands: 1,
  },
  unshare: { flags: "imnpuUfrc" },
  xargs: {
    flags: "0rtxpo",
    values: "adEILnPs",
    longFlags: ["null", "no-run-if-empty", "verbose", "max-lines", "replace"],
    longValues: ["max-args", "max-procs", "delimiter", "arg-file"],
    appends: true,
  },
};

/** What a program runs, and the variables that it sets for that. */
export interface Wrapped {
  readonly settings: readonly CommandWord[];
  readonly words: readonly CommandWord[];
}

/** Programs that run another one as it is, with no other rights and in no other place. */
export const transparent: ReadonlySet<string> = new Set(
  "builtin command env exec ionice nice nohup setsid stdbuf time timeout xargs".split(" "),
);

/**
 * What a program runs that runs another one; undefined when it is no such program or runs nothing, and
 * `unclear` when its options can't be read.
 */
export function wrapped(
  name: string,
  args: readonly CommandWord[],
): Wrapped | "unclear" | undefined {
  const wrapper = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined;
  if (!wrapper || (name === "command" && /^-[vV]/.test(args[0]?.value ?? ""))) return undefined;
  let at = 0;
  let marker = name === "xargs" ? undefined : "";
  for (; at < args.length; at += 1) {
    const arg = args[at];
    if (!arg || !/^[-\0]/.test(arg.value) || arg.value === "-") break;
    if (arg.value === "--") {
      at += 1;
      break;
    }
    const kind = isKnown(arg) ? optionOf(wrapper, arg.value) : "unclear";
    if (kind === "unclear") return "unclear";
    if (name === "xargs") marker ??= markerOf(arg.value, args[at + 1]?.value);
    if (kind === "value") at += 1;
  }
  at += wrapper.operands ?? 0;
  const from = at;
  while (wrapper.assigns && /^[A-Za-z_]\w*=/.test(args[at]?.value ?? "")) at += 1;
  const settings = args.slice(from, at);
  // Words that may become several, or none, move what comes after them.
  if (!args.slice(0, at).every(isKnown)) return "unclear";
  const inner = args.slice(at);
  if (inner.length === 0) return undefined;
  if (inner[0]?.value.startsWith("-")) return "unclear";
  const filled = marker ? inner.map((each) => withUnknown(each, marker ?? "")) : inner;
  const appended: readonly CommandWord[] =
    wrapper.appends && !marker ? [{ value: unknownText, count: "any" }] : [];
  return { settings, words: [...filled, ...appended] };
}

/** What `find` runs for the files that it finds. */
export function runByFind(args: readonly CommandWord[]): readonly Wrapped[] {
  const commands: Wrapped[] = [];
  for (const [index, { value }] of args.entries()) {
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(value)) continue;
    const rest = args.slice(index + 1);
    const end = rest.findIndex(
      (each, place) =>
        each.value === ";" || (each.value === "+" && rest[place - 1]?.value === "{}"),
    );
    const command = end < 0 ? rest : rest.slice(0, end);
    const words = command.map((each) => withUnknown(each, "{}"));
    commands.push({ settings: [], words });
  }
  return commands;
}

/** The text of a word that a program puts something in the place of is not known. */
function withUnknown(given: CommandWord, marker: string): CommandWord {
  if (!given.value.includes(marker)) return given;
  return { value: given.value.replaceAll(marker, unknownText), count: given.count };
}

function optionOf(
  { flags = "", values = "", longFlags = [], longValues = [], numbers = false }: Wrapper,
  option: string,
): "flag" | "value" | "unclear" {
  if (option.startsWith("--")) {
    const [name = "", value] = option.slice(2).split(/=(.*)/s);
    if (longValues.includes(name)) return value === undefined ? "value" : "flag";
    return longFlags.includes(name) ? "flag" : "unclear";
  }
  if (numbers && /^-\d+$/.test(option)) return "flag";
  for (let at = 1; at < option.length; at += 1) {
    const letter = option.charAt(at);
    if (values.includes(letter)) return at === option.length - 1 ? "value" : "flag";
    if (!flags.includes(letter)) return "unclear";
  }
  return "flag";
}

/** What `xargs -I` replaces. */
function markerOf(option: string, next: string | undefined): string | undefined {
  if (option.startsWith("--replace")) return option.split("=")[1] ?? "{}";
  const [, joined] = /^-\w*I(.*)$/s.exec(option) ?? [];
  if (joined === undefined) return undefined;
  return joined === "" ? next : joined;
}
