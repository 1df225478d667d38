import { type Abilities, canRun } from "./abilities.ts";
import type { Memory } from "./memory.ts";
import { asksForDeed } from "./vocabulary.ts";

const whoIAm =
  "I am the offline planner: no language model is configured, so I understand commands and plain questions about logs and configs, and nothing beyond that.";

export const thanksText = "You're welcome.";

export function helloText(abilities: Abilities): string {
  const offers = [
    canRun(abilities, "logs") ? "attach log files and ask what went wrong" : "",
    canRun(abilities, "diff") ? "attach two versions of a config and ask what changed" : "",
  ].filter((offer) => offer !== "");
  const offer = offers.length === 0 ? "" : ` You can ${offers.join(", or ")}.`;
  return `Hello. ${whoIAm}${offer} \`help\` lists everything.`;
}

export function helpText(abilities: Abilities): string {
  const { tasks, tools } = abilities;
  const own = tasks.filter(({ name }) => name !== "logs" && name !== "diff");
  const lines = [
    ...(canRun(abilities, "logs") ? logsHelp : []),
    ...(canRun(abilities, "diff") ? diffHelp : []),
    ...(tools.has("run_task")
      ? own.map(({ name, title }) => `- **${title}**: \`${name} {"input": "as JSON"}\``)
      : []),
    ...(tools.has("shell")
      ? ["- **Run a command** in the sandbox: `run df -h` or `$ df -h`."]
      : []),
    ...(tools.has("read_file")
      ? ["- **Read a file**: `read app.log`, `read app.log lines 100-150`."]
      : []),
    ...(tools.has("list_files") ? ["- **List files**: `files`, `files /sources`."] : []),
    ...(tools.has("attach_file")
      ? ["- **Get a file** from the workspace: `attach report.csv`."]
      : []),
    ...(tools.has("request_access")
      ? [
          "- **Ask for more access** for the sandbox, which an approver then grants or not: `allow 2 GiB of memory`, `allow example.com:443`.",
        ]
      : []),
  ];
  return [whoIAm, "", "What I can do here:", "", ...lines].join("\n");
}

const logsHelp = [
  '- **Read logs**: attach them and ask *what went wrong?*, or `logs app.log since 10:00 until 11:00 level error match "timeout"`.',
  "  Then go on: *what happened before the first error?*, *only errors*, *between 14:00 and 14:10*, *how many timeouts?*, *around line 1234 of app.log*.",
];
const diffHelp = [
  "- **Compare configs**: attach both versions and ask *what changed?*, or `diff old.yaml new.yaml`. Then go on: *what changed in replicas?*",
];

/** For what was not understood: says so, and what would be. */
export function unknownText(text: string, memory: Memory, abilities: Abilities): string {
  const shellLike =
    /^(?:grep|zgrep|tail|head|awk|sed|jq|wc|find|df|du|ps|top|uptime|free|kubectl|docker|curl|systemctl|journalctl|git)\s+\S/.exec(
      text,
    );
  const hints = [
    ...(shellLike && abilities.tools.has("shell")
      ? [`- As a shell command in the sandbox: \`$ ${oneLine(text)}\``]
      : []),
    ...(memory.logs === undefined
      ? []
      : [
          "- About the logs: *only errors*, *since 14:00*, *lines with timeout*, *around line 120*, *what happened before the first error?*",
        ]),
    ...(memory.diff === undefined ? [] : ["- About the diff: *what changed in replicas?*"]),
    ...(memory.logs === undefined && canRun(abilities, "logs")
      ? ["- Attach log files and ask *what went wrong?*"]
      : []),
    ...(memory.diff === undefined && canRun(abilities, "diff")
      ? ["- Attach two versions of a config and ask *what changed?*"]
      : []),
    "- `help` for everything I understand.",
  ];
  const sorry = asksForDeed(text)
    ? "That is not something I can do."
    : "I did not understand that.";
  const why = "I am the offline planner: no language model is configured, so I only know these:";
  return [`${sorry} ${why}`, "", ...hints].join("\n");
}

function oneLine(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.replaceAll("`", "'").slice(0, 100);
}
