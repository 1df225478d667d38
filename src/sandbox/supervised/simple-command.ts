/**
 * The words of a command that a shell would start as it stands: a program and plain words, nothing to expand, redirect or
 * assign. Starting bash takes longer than such a program, so it is left out, as GNU make does it (`construct_command_argv_internal()`,
 * https://git.savannah.gnu.org/cgit/make.git/tree/src/job.c). Undefined where a shell has something to do.
 */
export function simpleCommand(
  command: string,
  env: Readonly<Record<string, string>>,
): readonly string[] | undefined {
  const text = command.trim();
  if (!plainWords.test(text)) return undefined;
  const words = text.split(/ +/);
  const [program = ""] = words;
  if (program.includes("=") || ownWords.has(program)) return undefined;
  // Start-up files and functions that come by the environment.
  return Object.keys(env).some((name) => name.startsWith("BASH_")) ? undefined : words;
}

const plainWords = /^[\w@%+:,./=-]+(?: +[\w@%+:,./=-]+)*$/;

/** What bash or sh does itself, `compgen -bk`, but for `true` and `false`, which the programs do the same way. */
const ownWords: ReadonlySet<string> = new Set(
  [
    ". : [ alias bg bind break builtin caller cd chdir command compgen complete compopt continue declare dirs disown echo",
    "enable eval exec exit export fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read",
    "readarray readonly return set shift shopt source suspend test times trap type typeset ulimit umask unalias unset wait",
    "if then else elif fi case esac for select while until do done in function time coproc",
  ].flatMap((line) => line.split(" ")),
);
