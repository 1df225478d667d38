import { z } from "zod";

import { checkBlocks } from "../blocks.ts";
import type { Params } from "../params.ts";
import { Refusal } from "../refusal.ts";
import type { SlackChannel, SlackMessage } from "../workspace.ts";
import { metadataOf } from "./chat.ts";
import { channelOf, type Method, type SlackSide, threadIn } from "./method.ts";

/** Messages that grow while people look: https://docs.slack.dev/reference/methods/chat.startStream */
export const streamingMethods: Readonly<Record<string, Method>> = {
  "chat.startStream": {
    scope: "chat:write",
    run(params, slack) {
      const channel = channelOf(params, slack);
      params.text("thread_ts");
      const thread = threadIn(params, channel);
      const added = addedBy(params, false);
      const recipient = params.optional("recipient_user_id");
      const team = params.optional("recipient_team_id");
      params.optional("task_display_mode");
      params.nothingElse();
      if (channel.type !== "im" && !recipient) throw new Refusal("missing_recipient_user_id");
      if (channel.type !== "im" && !team) throw new Refusal("missing_recipient_team_id");
      const { bot } = slack.workspace;
      const message: SlackMessage = {
        ts: slack.workspace.nextTs(),
        user: bot.userId,
        bot_id: bot.botId,
        app_id: bot.appId,
        text: grown("", added),
        unfurls: false,
        ...(thread !== undefined && { thread_ts: thread }),
      };
      slack.workspace.streams.set(message.ts, slack.workspace.now() + openMs);
      channel.messages.push(message);
      slack.workspace.statuses.delete(`${channel.id}:${thread ?? ""}`);
      slack.events.posted(channel, message);
      return { channel: channel.id, ts: message.ts };
    },
  },

  "chat.appendStream": {
    scope: "chat:write",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const at = streamed(params, { channel, slack });
      const added = addedBy(params, true);
      params.nothingElse();
      return change({ channel, at, slack }, (message) => ({
        ...message,
        text: grown(message.text, added),
      }));
    },
  },

  "chat.stopStream": {
    scope: "chat:write",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const at = streamed(params, { channel, slack });
      const added = addedBy(params, false);
      const given = params.json("blocks");
      const metadata = metadataOf(params);
      params.nothingElse();
      const blocks = given === undefined ? undefined : checkBlocks(given);
      const stopped = change({ channel, at, slack }, (message) => ({
        ...message,
        text: grown(message.text, added),
        ...(blocks && { blocks }),
        ...(metadata && { metadata }),
      }));
      slack.workspace.streams.delete(stopped.ts);
      return stopped;
    },
  },
};

/** It closes by itself, also while it grows. https://github.com/slackapi/node-slack-sdk/issues/2702 */
const openMs = 300_000;

/** The place of a message that still grows. */
function streamed(
  params: Params,
  { channel, slack }: { readonly channel: SlackChannel; readonly slack: SlackSide },
): number {
  const ts = params.text("ts");
  const at = channel.messages.findIndex((message) => message.ts === ts);
  const message = channel.messages[at];
  if (!message) throw new Refusal("message_not_found");
  if (message.bot_id !== slack.workspace.bot.botId) throw new Refusal("message_not_owned_by_app");
  if ((slack.workspace.streams.get(ts) ?? 0) <= slack.workspace.now())
    throw new Refusal("message_not_in_streaming_state");
  return at;
}

function change(
  where: { readonly channel: SlackChannel; readonly at: number; readonly slack: SlackSide },
  by: (message: SlackMessage) => SlackMessage,
): { readonly channel: string; readonly ts: string } {
  const { channel, at, slack } = where;
  const old = channel.messages[at];
  if (!old) throw new Refusal("message_not_found");
  const message = by(old);
  channel.messages[at] = message;
  slack.events.changed(channel, message);
  return { channel: channel.id, ts: message.ts };
}

type Added = readonly z.infer<typeof Chunk>[];

function addedBy(params: Params, isNeeded: boolean): Added {
  const text = params.optional("markdown_text");
  const chunks = params.json("chunks");
  if (text !== undefined && text.length > maxText) throw new Refusal("msg_too_long");
  if (text === undefined && chunks === undefined && isNeeded) throw new Refusal("no_text");
  const parsed = z.array(Chunk).safeParse(chunks ?? []);
  if (!parsed.success) throw new Refusal("invalid_chunks");
  return [
    ...(text === undefined ? [] : [{ type: "markdown_text" as const, text }]),
    ...parsed.data,
  ];
}

const maxText = 12_000;

/** Text goes to the end; a task that is there already is written again. */
function grown(text: string, added: Added): string {
  return added.reduce((before, chunk) => {
    if (chunk.type === "markdown_text") return before + chunk.text;
    const line = `${marks[chunk.status]} ${chunk.title}`;
    const others = before
      .split("\n")
      .filter((each) => each.slice(2) !== chunk.title && each !== "");
    return [...others, line].join("\n");
  }, text);
}

const marks = { pending: "○", in_progress: "◐", complete: "●", error: "✕" } as const;

const Chunk = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("markdown_text"), text: z.string().min(1).max(maxText) }),
  z.strictObject({
    type: z.literal("task_update"),
    id: z.string().min(1).max(255),
    title: z.string().min(1).max(256),
    status: z.enum(["pending", "in_progress", "complete", "error"]),
    details: z.string().max(256).optional(),
    output: z.string().max(256).optional(),
  }),
]);
