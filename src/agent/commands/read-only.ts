import type { CommandRules } from "../call-rules.ts";

/**
 * Rules that let commands through which look at things, and ask for all others: those that change something, reach
 * something, or run what the rules can't see. A place to start from.
 *
 * @example
 * createBot({ approvals: { rules: { commands: readOnlyCommands } }, … });
 */
export const readOnlyCommands: CommandRules = {
  allow: [
    ...[
      "basename",
      "cat",
      "cd",
      "cmp",
      "column",
      "comm",
      "cut",
      "df",
      "diff",
      "dirname",
      "du",
      "echo",
      "expr",
    ],
    ...[
      "false",
      "file",
      "find",
      "free",
      "grep",
      "egrep",
      "fgrep",
      "head",
      "id",
      "join",
      "jq",
      "ls",
      "md5sum",
    ],
    ...[
      "nl",
      "od",
      "paste",
      "printf",
      "ps",
      "pwd",
      "readlink",
      "realpath",
      "seq",
      "sha256sum",
      "sleep",
      "sort",
    ],
    ...[
      "stat",
      "strings",
      "tac",
      "tail",
      "test",
      "tr",
      "true",
      "type",
      "uname",
      "uptime",
      "wc",
      "which",
      "whoami",
    ],
    ...["zcat", "zgrep", "[", "exit", "return", "break", "continue", "set", "shift", "read", ":"],
    ...[
      "git status",
      "git log",
      "git diff",
      "git show",
      "git blame",
      "git ls-files",
      "git rev-parse",
      "git grep",
    ],
    ...[
      "kubectl get",
      "kubectl describe",
      "kubectl logs",
      "kubectl top",
      "kubectl version",
      "kubectl explain",
    ],
    ...["docker ps", "docker logs", "docker inspect", "docker images", "docker stats"],
    // They run another command, which is looked up by itself.
    ...["bash", "sh", "command", "env", "nice", "nohup", "time", "timeout", "xargs"],
  ]
    .map((words) => `${words} *`)
    .concat("date", "date +*", "date -u *", "uniq", "uniq -*"),
  ask: [
    "find * -delete *",
    "find * -fprint* *",
    "find * -fls *",
    "sort * -*o* *",
    "sort * --*o* *",
    "git * --ou* *",
    "git * --ext-diff *",
    "git * -O* *",
    "git * --open-files-in-pager* *",
  ],
  otherwise: "ask",
};
