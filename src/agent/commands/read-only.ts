import type { CommandRules } from "../call-rules.ts";

const looking = wordsOf(
  "basename cat cd cmp column comm cut df diff dirname du echo expr false file find free grep egrep fgrep head id",
  "join jq ls md5sum nl od paste printf ps pwd readlink realpath seq sha256sum sleep sort stat strings tac tail",
  "test tr true type uname uptime wc which whoami zcat zgrep [ : exit return break continue set shift read",
);
const git = after("git", "status log diff show blame ls-files rev-parse grep");
const kubectl = after("kubectl", "get describe logs top version explain");
const docker = after("docker", "ps logs inspect images stats");

function wordsOf(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(" "));
}

function after(program: string, words: string): readonly string[] {
  return wordsOf(words).map((word) => `${program} ${word}`);
}

/**
 * Rules that let commands through which look at things, and ask for all others: those that change something, reach
 * something, or run what the rules can't see. A place to start from.
 *
 * @example
 * createBot({ approvals: { rules: { commands: readOnlyCommands } }, … });
 */
export const readOnlyCommands: CommandRules = {
  allow: [
    ...[...looking, ...git, ...kubectl, ...docker].map((words) => `${words} *`),
    "date",
    "date +*",
    "date -u",
    "date -u +*",
    "uniq",
    "uniq -*",
  ],
  ask: [
    "find * -delete *",
    "find * -fprint* *",
    "find * -fls *",
    "sort * -*o* *",
    "sort * --*o* *",
    "git * --ou* *",
    "git * --ext* *",
    "git * -O* *",
    "git * --op* *",
  ],
  otherwise: "ask",
};
