import { expect, test } from "vitest";

import { type Command, commandsIn } from "../../../../src/agent/models/offline/command.ts";
import { plainText } from "../../../../src/agent/models/offline/words.ts";

const help = { type: "help" } as const;
const hello = { type: "hello" } as const;
const thanks = { type: "thanks" } as const;
const list = { type: "list" } as const;

const cases: readonly (readonly [string, Command])[] = [
  ["help", help],
  ["HELP!", help],
  ["hlep", help],
  ["?", help],
  ["what can you do?", help],
  ["who are you", help],
  ["are you an AI?", help],
  ["hello", hello],
  ["Hi there 👋", hello],
  ["good morning team", hello],
  ["thanks!", thanks],
  ["ok thx 👍", thanks],
  ["thank you so much", thanks],
  ["run df -h", { type: "shell", command: "df -h" }],
  ["$ ls -la | head", { type: "shell", command: "ls -la | head" }],
  ["please run `uptime`", { type: "shell", command: "uptime" }],
  [
    "can you execute kubectl get pods -n prod",
    { type: "shell", command: "kubectl get pods -n prod" },
  ],
  ["run ```sh\nset -e\nls\n```", { type: "shell", command: "set -e\nls" }],
  [
    "run for f in *; do\n  echo $f\ndone",
    { type: "shell", command: "for f in *; do\n  echo $f\ndone" },
  ],
  ["files", list],
  ["list files", list],
  ["ls", list],
  ["What files do you have?", list],
  ["ls /sources/nginx", { type: "list", path: "/sources/nginx" }],
  ["list files in attachments", { type: "list", path: "attachments" }],
  ["read app.log", { type: "read", path: "app.log" }],
  ["cat Dockerfile", { type: "read", path: "Dockerfile" }],
  ["show me /sources/web/app.log", { type: "read", path: "/sources/web/app.log" }],
  ["read `my file.txt` lines 10-20", { type: "read", path: "my file.txt", offset: 10, limit: 11 }],
  ["read app.log:50", { type: "read", path: "app.log", offset: 50 }],
  ["read app.log from line 7", { type: "read", path: "app.log", offset: 7 }],
  ["attach out/report.csv", { type: "attach", path: "out/report.csv" }],
  ["logs app.log since 10:00", { type: "logs", rest: "app.log since 10:00" }],
  ["Logs", { type: "logs", rest: "" }],
  ["lgos app.log", { type: "logs", rest: "app.log" }],
  ["diff a.yaml b.yaml", { type: "diff", rest: "a.yaml b.yaml" }],
  ["pls comapre a.yaml b.yaml", { type: "diff", rest: "a.yaml b.yaml" }],
  ["deploys", { type: "task", name: "deploys", input: {} }],
  ['deploys {"since":"1d"}', { type: "task", name: "deploys", input: { since: "1d" } }],
  ["task deploys {nope}", { type: "task", name: "deploys", input: "{nope}" }],
  ['logs {"files":["a"]}', { type: "task", name: "logs", input: { files: ["a"] } }],
];

test.each(cases)("commandsIn(%j)", (text, command) => {
  expect(commandsIn(plainText(text), ["logs", "diff", "deploys"])).toEqual([command]);
});

test.each([
  "run the logs again",
  "run it once more",
  "read my mind",
  "show lines with timeout",
  "show me what happened",
  "what went wrong?",
  "thanks, but why did it crash?",
  "hi, what changed?",
  "open an incident",
  "deploys are failing",
])("commandsIn(%j) is no command", (text) => {
  expect(commandsIn(text, ["logs", "diff", "deploys"])).toEqual([]);
});

test("commandsIn() takes a command from each line when all lines are commands", () => {
  expect(commandsIn("logs a.log\n\ndiff a.yaml b.yaml", [])).toEqual([
    { type: "logs", rest: "a.log" },
    { type: "diff", rest: "a.yaml b.yaml" },
  ]);
  expect(commandsIn("logs a.log\nsince 10:00", [])).toEqual([
    { type: "logs", rest: "a.log\nsince 10:00" },
  ]);
});

test.each([
  ["<@U0123ABC> hello", "hello"],
  ["@opsthread: diff a b", "diff a b"],
  ["“quoted” ‘text’", "\"quoted\" 'text'"],
  ["see <http://app.sh|app.sh> now", "see app.sh now"],
  ["done :tada: 🎉", "done"],
  ["at 10:00:00 sharp", "at 10:00:00 sharp"],
])("plainText(%j) is %j", (text, expected) => {
  expect(plainText(text)).toBe(expected);
});
