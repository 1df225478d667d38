import type { Inbound } from "../../adapter.ts";
import { escaped } from "../mrkdwn.ts";

/** The word before what no task is for. */
export const anything = "ask";

/** What can be asked by a command, for the person alone. */
export function helpText(command: string, tasks: Inbound["tasks"]): string {
  return [
    "What I can do:",
    ...tasks.map(({ name, title }) => `• \`${command} ${name} …\`  ${escaped(title)}`),
    `• \`${command} ${anything} …\`  Ask for anything else`,
    "",
    `It opens a thread in this channel, where all can follow. Files go there as well: mention me beneath it, or with them.`,
  ].join("\n");
}
