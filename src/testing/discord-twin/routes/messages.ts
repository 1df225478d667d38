import { z } from "zod";

import { isForum } from "../channel-types.ts";
import { messageJson, userJson } from "../json.ts";
import { componentsV2, messageBody } from "../message-body.ts";
import { beforeChange, checkMayPost, fileLimits, postMessage } from "../post-message.ts";
import { invalidForm, refusals } from "../refusal.ts";
import { channelFor, messageIn, type Route, type RouteCall } from "../server-side.ts";
import type { TwinChannel, TwinMessage } from "../state.ts";

/** Messages: sent, read, changed, deleted, and marked. */
export const messageRoutes: Readonly<Record<string, Route>> = {
  "POST /channels/{}/messages": {
    run(call) {
      const { side, body, files } = call;
      const { state } = side;
      const channel = channelFor(call);
      checkMayPost(state, state.botId, channel);
      if (channel.recipient !== undefined && state.closedDirect.has(channel.recipient))
        throw refusals.closedToThisUser();
      if (files.length > 0 && !state.may(state.botId, channel, "ATTACH_FILES"))
        throw refusals.missingPermissions();
      const parsed = messageBody(body, { sent: files, limits: fileLimits(state, channel.guildId) });
      const repliesToNothing =
        parsed.replyTo !== undefined && !channel.messages.some(({ id }) => id === parsed.replyTo);
      if (repliesToNothing && !parsed.mayReplyToNothing)
        throw invalidForm(["message_reference"], "REPLIES_UNKNOWN_MESSAGE", "Unknown message");
      const reply = repliesToNothing ? { ...parsed, replyTo: undefined } : parsed;
      const message = postMessage(side, channel, { author: state.botId, body: reply });
      return shown(call, message, { nonce: parsed.nonce });
    },
  },

  "GET /channels/{}/messages": {
    run(call) {
      const channel = channelFor(call);
      const { query } = call;
      requireHistory(call, channel);
      if (isForum(channel.type)) throw refusals.notAText();
      const page = Page.parse(Object.fromEntries(query));
      const { before, after, limit } = page;
      const those = channel.messages.filter(
        ({ id, onlyFor }) =>
          onlyFor === undefined &&
          (before === undefined || BigInt(id) < BigInt(before)) &&
          (after === undefined || BigInt(id) > BigInt(after)),
      );
      // `after` gives the ones that come next, everything else the newest; the newest always first.
      const taken = after === undefined ? those.slice(-limit) : those.slice(0, limit);
      return taken.toReversed().map((message) => shown(call, message));
    },
  },

  "GET /channels/{}/messages/{}": {
    run(call) {
      const channel = channelFor(call);
      requireHistory(call, channel);
      return shown(call, messageIn(channel, call.ids[1]));
    },
  },

  "PATCH /channels/{}/messages/{}": {
    run(call) {
      const { side, body, files } = call;
      const channel = channelFor(call);
      const message = messageIn(channel, call.ids[1]);
      if (message.authorId !== side.state.botId) throw refusals.notTheAuthor();
      if (channel.thread && side.state.isArchived(channel.thread)) throw refusals.archived();
      change(message, { call, body, files });
      return shown(call, message);
    },
  },

  "DELETE /channels/{}/messages/{}": {
    run(call) {
      const { state } = call.side;
      const channel = channelFor(call);
      const message = messageIn(channel, call.ids[1]);
      if (channel.thread && state.isArchived(channel.thread)) throw refusals.archived();
      if (message.authorId !== state.botId && !state.may(state.botId, channel, "MANAGE_MESSAGES"))
        throw refusals.missingPermissions();
      removeMessage(call, channel, message);
      return undefined;
    },
  },

  "PUT /channels/{}/messages/{}/reactions/{}/@me": {
    run(call) {
      const { state, events } = call.side;
      const channel = channelFor(call);
      const message = messageIn(channel, call.ids[1]);
      if (channel.thread && state.isArchived(channel.thread)) throw refusals.archived();
      if (!state.may(state.botId, channel, "ADD_REACTIONS")) throw refusals.missingPermissions();
      const emoji = call.ids[2] ?? "";
      const people = message.reactions.get(emoji) ?? new Set();
      message.reactions.set(emoji, people.add(state.botId));
      events.reacted(message, { user: state.botId, emoji });
      return undefined;
    },
  },

  "DELETE /channels/{}/messages/{}/reactions/{}/@me": {
    run(call) {
      const { state, events } = call.side;
      const message = messageIn(channelFor(call), call.ids[1]);
      const emoji = call.ids[2] ?? "";
      if (message.reactions.get(emoji)?.delete(state.botId))
        events.reacted(message, { user: state.botId, emoji, isRemoved: true });
      return undefined;
    },
  },

  "GET /channels/{}/messages/{}/reactions/{}": {
    run(call) {
      const message = messageIn(channelFor(call), call.ids[1]);
      const people = message.reactions.get(call.ids[2] ?? "") ?? [];
      return [...people].map((user) => userJson(call.side.state, user));
    },
  },

  "POST /channels/{}/typing": {
    run(call) {
      const { state, typing } = call.side;
      const channel = channelFor(call);
      checkMayPost(state, state.botId, channel);
      typing.push({ channelId: channel.id, at: state.clock.now() });
      return undefined;
    },
  },
};

const Page = z.object({
  before: z.string().optional(),
  after: z.string().optional(),
  around: z.undefined().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

/** Changes a message as a PATCH says. */
export function change(
  message: TwinMessage,
  { call: { side }, body, files }: Pick<RouteCall, "body" | "files"> & { readonly call: RouteCall },
): void {
  const isV2 = (message.flags & componentsV2) !== 0;
  const channel = side.state.channel(message.channelId);
  const limits = fileLimits(side.state, channel?.guildId);
  const parsed = messageBody(body, { sent: files, limits, isV2 });
  beforeChange(message, side.state);
  message.content = parsed.content ?? message.content;
  message.components = parsed.components ?? message.components;
  message.embeds = parsed.embeds ?? message.embeds;
  message.flags |= parsed.flags & componentsV2;
  message.files = [
    ...message.files,
    ...parsed.files.map((file) => ({ ...file, id: side.state.nextId() })),
  ];
  side.events.updated(message);
}

export function removeMessage(
  { side: { state, events } }: RouteCall,
  channel: TwinChannel,
  message: TwinMessage,
): void {
  channel.messages.splice(channel.messages.indexOf(message), 1);
  state.deleted.push({ message, at: state.clock.now() });
  events.deleted(message);
}

/** As this app reads it: what people write only where it has the intent, or is meant. */
function shown(
  { side: { state, context, granted } }: RouteCall,
  message: TwinMessage,
  { nonce }: { readonly nonce?: string | undefined } = {},
): object {
  const isFree =
    message.authorId === state.botId ||
    message.mentions.includes(state.botId) ||
    state.channel(message.channelId)?.guildId === undefined;
  const hidden = !isFree && !granted.has("messageContent");
  // Only who sent it just now is told the nonce.
  return { ...messageJson(message, context, { hidden }), ...(nonce !== undefined && { nonce }) };
}

function requireHistory({ side: { state } }: RouteCall, channel: TwinChannel): void {
  if (!state.may(state.botId, channel, "READ_MESSAGE_HISTORY")) throw refusals.missingAccess();
}
