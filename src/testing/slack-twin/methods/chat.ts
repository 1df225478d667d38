import { z } from "zod";

import { checkBlocks } from "../blocks.ts";
import type { Params } from "../params.ts";
import { Refusal } from "../refusal.ts";
import type { SlackChannel, SlackMessage, SlackMetadata } from "../workspace.ts";
import { channelOf, type Method, type SlackSide, threadIn } from "./method.ts";

/** Posts, changes and deletes messages. */
export const chatMethods: Readonly<Record<string, Method>> = {
  "chat.postMessage": {
    scope: "chat:write",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const thread = threadIn(params, channel);
      const { text, blocks } = bodyOf(params);
      const metadata = metadataOf(params);
      const unfurls = [params.flag("unfurl_links", true), params.flag("unfurl_media", true)];
      params.nothingElse();
      const { bot } = slack.workspace;
      const message: SlackMessage = {
        ts: slack.workspace.nextTs(),
        user: bot.userId,
        bot_id: bot.botId,
        app_id: bot.appId,
        text: text.slice(0, maxPosted),
        unfurls: unfurls.includes(true),
        ...(thread !== undefined && { thread_ts: thread }),
        ...(blocks && { blocks }),
        ...(metadata && { metadata }),
      };
      channel.messages.push(message);
      // What the app says takes the place of what it is about to do.
      slack.workspace.statuses.delete(`${channel.id}:${thread ?? ""}`);
      slack.events.posted(channel, message);
      const warning = text.length > maxPosted && { warning: "message_truncated" };
      return { channel: channel.id, ts: message.ts, message, ...warning };
    },
  },

  "chat.postEphemeral": {
    scope: "chat:write",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const thread = threadIn(params, channel);
      const user = params.text("user");
      const { text } = bodyOf(params);
      params.nothingElse();
      const at = slack.workspace.now();
      channel.ephemerals.push({ user, text, at, ...(thread !== undefined && { thread }) });
      return { message_ts: slack.workspace.nextTs() };
    },
  },

  "chat.update": {
    scope: "chat:write",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const [at, old] = ownMessage(params, { channel, slack, refusal: "cant_update_message" });
      const { text, blocks } = bodyOf(params);
      const metadata = metadataOf(params) ?? old.metadata;
      params.nothingElse();
      if ((slack.workspace.streams.get(old.ts) ?? 0) > slack.workspace.now())
        throw new Refusal("streaming_state_conflict");
      if (text.length > maxUpdated) throw new Refusal("msg_too_long");
      const { blocks: _, ...rest } = old;
      const message = { ...rest, text, ...(blocks && { blocks }), ...(metadata && { metadata }) };
      channel.messages[at] = message;
      slack.events.changed(channel, message);
      return { channel: channel.id, ts: message.ts, text };
    },
  },

  "chat.delete": {
    scope: "chat:write",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const [at, { ts }] = ownMessage(params, { channel, slack, refusal: "cant_delete_message" });
      params.nothingElse();
      channel.messages.splice(at, 1);
      slack.events.deleted(channel, ts);
      return { channel: channel.id, ts };
    },
  },
};

const maxPosted = 40_000;
const maxUpdated = 4000;
const maxMarkdown = 12_000;

function bodyOf(params: Params): { readonly text: string; readonly blocks?: readonly unknown[] } {
  const text = params.optional("text") ?? "";
  const given = params.json("blocks");
  const markdown = params.optional("markdown_text");
  if (markdown !== undefined) {
    if (text !== "" || given !== undefined) throw new Refusal("markdown_text_conflict");
    if (markdown.length > maxMarkdown) throw new Refusal("msg_too_long");
    return { text: markdown };
  }
  if (given === undefined && text.trim() === "") throw new Refusal("no_text");
  return { text, ...(given !== undefined && { blocks: checkBlocks(given) }) };
}

export function metadataOf(params: Params): SlackMetadata | undefined {
  const given = params.json("metadata");
  if (given === undefined) return undefined;
  const parsed = Metadata.safeParse(given);
  if (!parsed.success) throw new Refusal("invalid_metadata_format");
  if (JSON.stringify(given).length > maxMetadata) throw new Refusal("metadata_too_large");
  return parsed.data;
}

const maxMetadata = 16_000;
const Metadata = z.strictObject({
  event_type: z.string().regex(/^[A-Za-z0-9_.-]{1,255}$/),
  event_payload: z.record(z.string(), z.unknown()),
});

function ownMessage(
  params: Params,
  where: { readonly channel: SlackChannel; readonly slack: SlackSide; readonly refusal: string },
): readonly [number, SlackMessage] {
  const { channel, slack, refusal } = where;
  const ts = params.text("ts");
  const at = channel.messages.findIndex((message) => message.ts === ts);
  const message = channel.messages[at];
  if (!message) throw new Refusal("message_not_found");
  if (message.bot_id !== slack.workspace.bot.botId) throw new Refusal(refusal);
  return [at, message];
}
