import { z } from "zod";

import type { Handler } from "../handle-event.ts";
import { escaped } from "../mrkdwn.ts";
import type { Reception } from "../reception.ts";
import { spoken } from "../spoken.ts";
import type { SlackWorkspace } from "../workspaces.ts";
import { ask } from "./ask.ts";
import { anything, helpText } from "./help.ts";
import { inTime } from "./in-time.ts";
import { respond } from "./respond.ts";

/**
 * `/ops <task> …`, or `/ops ask …` for anything else, opens a thread that says who asks what. It is acknowledged when that is stored, or after two seconds;
 * what goes wrong then is told by the address that came along.
 */
export function commandHandler(
  reception: Reception,
  { apiUrl }: { readonly apiUrl: string },
): Handler {
  const begun = new Set<string>();
  const run = async (
    given: z.infer<typeof Command>,
    workspace: SlackWorkspace,
  ): Promise<object | undefined> => {
    const { command, channel_id: channel, trigger_id, response_url } = given;
    const { inbound, clock, signal } = reception;
    const actor = {
      id: given.user_id,
      roles: [],
      ...(given.user_name && { name: given.user_name }),
    };
    const place = { platform: "slack", workspace: workspace.identity.teamId, channel };
    const verdict = inbound.check({ actor, thread: place });
    if (!verdict.allowed) return whisper(escaped(verdict.reason));
    const text = given.text.trim();
    const [name = ""] = text.split(/\s/, 1);
    const help = helpText(command, inbound.tasks);
    const isAnything = name.toLowerCase() === anything;
    const request = isAnything ? text.slice(name.length).trim() : text;
    if (request === "" || name.toLowerCase() === "help") return whisper(help);
    if (!isAnything && !inbound.tasks.some((task) => task.name === name.toLowerCase()))
      return whisper(`There is no \`${escaped(name.slice(0, 50).replaceAll("`", "'"))}\`. ${help}`);
    // Who has seen the request may show it again.
    if (begun.has(trigger_id)) return undefined;
    remember(begun, trigger_id);
    const asked = ask(
      {
        id: `command:${trigger_id}`,
        channel,
        thread: undefined,
        actor,
        shown: request,
        text: request,
      },
      { reception, workspace },
    );
    const settled = await inTime(asked, { clock });
    if (settled) return settled.result === undefined ? undefined : whisper(settled.result);
    const failed = async (): Promise<void> => {
      const problem = await asked;
      if (problem !== undefined) await respond(response_url, escaped(problem), { apiUrl, signal });
    };
    reception.beside(failed(), "A failure was not told");
    return whisper("On it …");
  };
  return (body, workspace) => {
    const parsed = Command.safeParse(body);
    if (!parsed.success) return undefined;
    const { team_id = workspace.identity.teamId } = parsed.data;
    return team_id === workspace.identity.teamId ? run(parsed.data, workspace) : undefined;
  };
}

const whisper = (text: string): object => ({ response_type: "ephemeral", ...spoken(text) });

const maxBegun = 1000;

function remember(begun: Set<string>, id: string): void {
  begun.add(id);
  const [oldest] = begun;
  if (begun.size > maxBegun && oldest !== undefined) begun.delete(oldest);
}

const Command = z.object({
  command: z.string().startsWith("/"),
  text: z.string().default(""),
  /** Of who typed it. */
  team_id: z.string().optional(),
  user_id: z.string().min(1),
  user_name: z.string().optional(),
  channel_id: z.string().min(1),
  trigger_id: z.string().min(1),
  response_url: z.url(),
});
