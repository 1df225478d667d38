import { z } from "zod";

import { File, attachment } from "../events.ts";
import type { Handler } from "../handle-event.ts";
import { typedText } from "../incoming-text.ts";
import { escaped } from "../mrkdwn.ts";
import type { Reception } from "../reception.ts";
import type { SlackWorkspace } from "../workspaces.ts";
import { cutToFit, questionForm } from "./modal.ts";
import { respond } from "./respond.ts";
import { shortcutId } from "./shortcut-id.ts";

/**
 * "Ask Opsthread about this message" opens a form for the question. Slack gives three seconds for that, and wants its
 * acknowledgement in the same time: neither waits for the other.
 */
export function shortcutHandler(
  reception: Reception,
  { apiUrl }: { readonly apiUrl: string },
): Handler {
  const open = async (
    { trigger_id, response_url, user, channel, message }: z.infer<typeof Shortcut>,
    { api, identity }: SlackWorkspace,
  ): Promise<void> => {
    const { signal, inbound } = reception;
    const place = { platform: "slack", workspace: identity.teamId, channel: channel.id };
    const verdict = inbound.check({ actor: { id: user.id, roles: [] }, thread: place });
    if (!verdict.allowed) return respond(response_url, escaped(verdict.reason), { apiUrl, signal });
    const view = questionForm(
      cutToFit({
        channel: channel.id,
        ts: message.ts,
        thread: message.thread_ts ?? message.ts,
        ...(message.user !== undefined && { by: message.user }),
        text: typedText(message.text, identity.userId),
        files: message.files.map(attachment),
        responseUrl: response_url,
      }),
    );
    try {
      await api.call("views.open", { trigger_id, view }, { signal });
    } catch (error) {
      signal.throwIfAborted();
      const text = "The form did not open: Slack gives three seconds for it. Try it again.";
      await respond(response_url, text, { apiUrl, signal });
      throw error;
    }
  };
  return (body, workspace) => {
    const parsed = Shortcut.safeParse(body);
    if (!parsed.success) return undefined;
    const { teamId } = workspace.identity;
    if ((parsed.data.user.team_id ?? teamId) !== teamId) return undefined;
    reception.beside(open(parsed.data, workspace), "A form did not open");
    return Promise.resolve(undefined);
  };
}

const Shortcut = z.object({
  type: z.literal("message_action"),
  callback_id: z.literal(shortcutId),
  trigger_id: z.string().min(1),
  response_url: z.url(),
  user: z.object({ id: z.string().min(1), team_id: z.string().optional() }),
  channel: z.object({ id: z.string().min(1) }),
  message: z.object({
    ts: z.string().min(1),
    thread_ts: z.string().optional(),
    user: z.string().optional(),
    text: z.string().default(""),
    files: z.array(File).default([]),
  }),
});
