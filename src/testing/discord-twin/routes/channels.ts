import { z } from "zod";

import { channelJson, guildJson, memberJson, userJson } from "../json.ts";
import { invalidForm, refusals } from "../refusal.ts";
import { channelFor, messageIn, type Route } from "../server-side.ts";
import { openThread } from "../threads.ts";

/** Channels, threads, people, and the app itself. */
export const channelRoutes: Readonly<Record<string, Route>> = {
  "GET /gateway/bot": {
    run: ({ side: { context, gateway, recommendedShards } }) => ({
      url: context.url.replace("http", "ws"),
      shards: recommendedShards,
      session_start_limit: {
        total: gateway.starts.total,
        remaining: gateway.starts.remaining,
        reset_after: gateway.starts.resetAfterMs,
        max_concurrency: gateway.starts.maxConcurrency,
      },
    }),
  },

  "GET /gateway": { run: ({ side: { context } }) => ({ url: context.url.replace("http", "ws") }) },

  "GET /users/{}": { run: ({ side: { state }, ids: [id = ""] }) => userJson(state, id) },

  "GET /users/@me": { run: ({ side: { state } }) => userJson(state, state.botId) },

  "GET /applications/@me": {
    run: ({ side: { state, granted } }) => ({
      id: state.applicationId,
      name: "Opsthread",
      // Of an app in fewer than a hundred guilds.
      flags: granted.has("messageContent") ? 1 << 19 : 0,
      bot: userJson(state, state.botId),
    }),
  },

  "GET /channels/{}": { run: (call) => channelJson(channelFor(call), call.side.state) },

  "PATCH /channels/{}": {
    run(call) {
      const { state, events } = call.side;
      const channel = channelFor(call);
      const body = Change.parse(call.body);
      const isOwn = channel.thread?.ownerId === state.botId;
      if (!channel.thread || (!isOwn && !state.may(state.botId, channel, "MANAGE_THREADS")))
        throw refusals.missingPermissions();
      // Only who manages threads locks them.
      if (body.locked !== undefined && !state.may(state.botId, channel, "MANAGE_THREADS"))
        throw refusals.missingPermissions();
      const isOnlyRevived = Object.keys(body).every((key) => key === "archived");
      if (state.isArchived(channel.thread) && !(isOnlyRevived && body.archived === false))
        throw refusals.archived();
      if (channel.thread.locked && !state.may(state.botId, channel, "MANAGE_THREADS"))
        throw refusals.missingPermissions();
      if (body.name !== undefined && (body.name === "" || body.name.length > 100))
        throw invalidForm(["name"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
      channel.name = body.name ?? channel.name;
      channel.thread.archived = body.archived ?? channel.thread.archived;
      channel.thread.locked = body.locked ?? channel.thread.locked;
      const { autoArchiveMinutes } = channel.thread;
      channel.thread.autoArchiveMinutes = body.auto_archive_duration ?? autoArchiveMinutes;
      if (body.archived === false) channel.thread.activeAt = state.clock.now();
      events.threadUpdated(channel);
      return channelJson(channel, state);
    },
  },

  "POST /channels/{}/messages/{}/threads": {
    run(call) {
      const { side } = call;
      const channel = channelFor(call);
      const message = messageIn(channel, call.ids[1]);
      if (channel.thread || channel.guildId === undefined) throw refusals.wrongChannelType();
      const body = NewThread.parse(call.body);
      const thread = openThread(side, channel, {
        id: message.id,
        name: body.name,
        owner: side.state.botId,
        ...(body.auto_archive_duration && { autoArchiveMinutes: body.auto_archive_duration }),
      });
      message.flags |= hasThread;
      return channelJson(thread, side.state);
    },
  },

  "POST /users/@me/channels": {
    run({ side: { state }, body }) {
      const { recipient_id } = z.strictObject({ recipient_id: z.string().min(1) }).parse(body);
      return channelJson(state.directWith(recipient_id), state);
    },
  },

  "GET /guilds/{}": {
    run: ({ side: { state }, ids: [id] }) => {
      const guild = state.guilds.find((each) => each.id === id);
      if (!guild) throw refusals.missingAccess();
      return guildJson(state, guild);
    },
  },

  "GET /guilds/{}/channels": {
    run: ({ side: { state }, ids: [id] }) =>
      [...state.guildOf(id).channels.values()]
        .filter(({ thread }) => !thread)
        .map((channel) => channelJson(channel, state)),
  },

  "GET /guilds/{}/members/{}": {
    run: ({ side: { state }, ids: [guild, id = ""] }) => ({
      ...memberJson(state.guildOf(guild), id),
      user: userJson(state, id),
    }),
  },

  "GET /guilds/{}/threads/active": {
    run: ({ side: { state }, ids: [id] }) => ({
      threads: [...state.guildOf(id).channels.values()]
        .filter(({ thread }) => thread && !state.isArchived(thread))
        .map((channel) => channelJson(channel, state)),
      members: [],
    }),
  },

  "POST /attachments/refresh-urls": {
    run: ({ side: { context }, body }) => ({
      refreshed_urls: z
        .object({ attachment_urls: z.array(z.string()).max(50) })
        .parse(body)
        .attachment_urls.map((original) => {
          const { pathname } = new URL(original);
          return { original, refreshed: `${context.url}${pathname}?${context.sign(pathname)}` };
        }),
    }),
  },
};

const hasThread = 1 << 5;

const NewThread = z.strictObject({
  name: z.string(),
  auto_archive_duration: z.number().int().nullish(),
  rate_limit_per_user: z.number().int().nullish(),
  // Of no meaning here; clients send it nevertheless.
  type: z.number().int().optional(),
});

const Change = z.strictObject({
  name: z.string().optional(),
  archived: z.boolean().optional(),
  locked: z.boolean().optional(),
  auto_archive_duration: z.number().int().optional(),
  rate_limit_per_user: z.number().int().nullish(),
  invitable: z.boolean().optional(),
});
