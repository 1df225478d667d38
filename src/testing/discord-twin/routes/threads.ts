import { z } from "zod";

import { channelTypes, isForum } from "../channel-types.ts";
import { channelJson, messageJson } from "../json.ts";
import { messageBody } from "../message-body.ts";
import { fileLimits, postMessage } from "../post-message.ts";
import { refusals } from "../refusal.ts";
import { channelFor, type Route, type RouteCall } from "../server-side.ts";
import type { TwinChannel } from "../state.ts";
import { openThread } from "../threads.ts";

/** Threads that begin at no message, forum posts, and what becomes of threads. */
export const threadRoutes: Readonly<Record<string, Route>> = {
  "POST /channels/{}/threads": {
    run(call) {
      const { side, body, files } = call;
      const { state } = side;
      const parent = channelFor(call);
      const given = NewThread.parse(body);
      const isPost = isForum(parent.type);
      const { privateThread, text } = channelTypes;
      const first = isPost
        ? messageBody(given.message, { sent: files, limits: fileLimits(state, parent.guildId) })
        : undefined;
      const thread = openThread(side, parent, {
        name: given.name,
        owner: state.botId,
        // As Discord does where nobody says.
        isPrivate: parent.type === text && (given.type ?? privateThread) === privateThread,
        ...(given.auto_archive_duration && { autoArchiveMinutes: given.auto_archive_duration }),
      });
      if (!first) return channelJson(thread, state);
      const message = postMessage(
        side,
        thread,
        { author: state.botId, body: first },
        { id: thread.id },
      );
      return { ...channelJson(thread, state), message: messageJson(message, side.context) };
    },
  },

  "GET /channels/{}/threads/archived/public": {
    run: (call) => ({
      threads: threadsOf(call)
        .filter(({ thread, type }) => thread && type !== channelTypes.privateThread)
        .map((thread) => channelJson(thread, call.side.state)),
      members: [],
      has_more: false,
    }),
  },

  "PUT /channels/{}/thread-members/@me": { run: (call) => member(call) },
  "DELETE /channels/{}/thread-members/@me": { run: (call) => member(call) },

  "DELETE /channels/{}": {
    run(call) {
      const { state, events } = call.side;
      const channel = channelFor(call);
      if (!channel.thread || !state.may(state.botId, channel, "MANAGE_THREADS"))
        throw refusals.missingPermissions();
      const json = channelJson(channel, state);
      events.channelRemoved(channel.id);
      return json;
    },
  },
};

function member(call: RouteCall): undefined {
  const { state } = call.side;
  const channel = channelFor(call);
  if (!channel.thread) throw refusals.wrongChannelType();
  if (state.isArchived(channel.thread)) throw refusals.archived();
}

function threadsOf(call: RouteCall): readonly TwinChannel[] {
  const { state } = call.side;
  const { id } = channelFor(call);
  if (!state.may(state.botId, channelFor(call), "READ_MESSAGE_HISTORY"))
    throw refusals.missingAccess();
  return state
    .guildChannels()
    .filter(({ parentId, thread }) => parentId === id && thread && state.isArchived(thread));
}

const NewThread = z.strictObject({
  name: z.string(),
  auto_archive_duration: z.number().int().nullish(),
  type: z.union([z.literal(10), z.literal(11), z.literal(12)]).optional(),
  invitable: z.boolean().nullish(),
  rate_limit_per_user: z.number().int().nullish(),
  applied_tags: z.array(z.string()).max(5).nullish(),
  message: z.unknown().optional(),
});
