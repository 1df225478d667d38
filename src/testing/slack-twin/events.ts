import type { Delivery } from "./delivery.ts";
import type { PendingFaults } from "./faults.ts";
import type { SlackChannel, SlackFile, SlackMessage, SlackWorkspace } from "./workspace.ts";

/** Tells the app what happens in channels that it is in; its own posts, too, as Slack does. */
export interface SlackEvents {
  posted(channel: SlackChannel, message: SlackMessage): void;
  /** `before` is what it was. */
  changed(channel: SlackChannel, message: SlackMessage, before?: SlackMessage): void;
  deleted(channel: SlackChannel, ts: string, before?: SlackMessage): void;
  /** Somebody opened a conversation with the app alone. */
  assistantOpened(
    channel: SlackChannel,
    opened: { readonly user: string; readonly thread: string },
  ): void;
  reacted(
    channel: SlackChannel,
    reaction: { readonly user: string; readonly name: string; readonly message: SlackMessage },
  ): void;
  pressed(
    channel: SlackChannel,
    press: { readonly user: string; readonly message: SlackMessage; readonly action: object },
  ): void;
}

export function slackEvents({
  workspace,
  delivery,
  faults,
  url,
}: {
  readonly workspace: SlackWorkspace;
  readonly delivery: Delivery;
  readonly faults: PendingFaults;
  readonly url: () => string;
}): SlackEvents {
  const { teamId, bot } = workspace;
  const emit = (
    channel: SlackChannel,
    event: { readonly ts: string; readonly [field: string]: unknown },
    times = 1,
  ): void => {
    if (!channel.isMember) return;
    const about = `${channel.id}:${event.ts}`;
    const payload = {
      token: "verification",
      team_id: teamId,
      context_team_id: teamId,
      api_app_id: bot.appId,
      event,
      type: "event_callback",
      event_id: workspace.nextId("Ev"),
      event_time: Number(event.ts.split(".")[0]),
      authorizations: [{ team_id: teamId, user_id: bot.userId, is_bot: true }],
      is_ext_shared_channel: false,
    };
    delivery.enqueue({ about, type: "events_api", payload }, times);
  };
  return {
    posted(channel, { files, ...message }) {
      const times = faults.duplicates > 0 && message.bot_id === undefined ? 2 : 1;
      if (times > 1) faults.duplicates -= 1;
      const shared = {
        ...message,
        unfurls: undefined,
        team: teamId,
        channel: channel.id,
        event_ts: message.ts,
        ...(files && { files: files.map((file) => fileJson(file, url())) }),
      };
      // An app_mention may lack the files that the message has, and come first.
      // https://github.com/slackapi/bolt-python/issues/925
      const { files: __, ...bare } = shared;
      const mention = { type: "app_mention", ...bare };
      if (channel.type !== "im" && message.text.includes(`<@${bot.userId}>`))
        emit(channel, mention, times);
      const subtype = files && message.bot_id === undefined && { subtype: "file_share" };
      const told = { type: "message", ...subtype, channel_type: channel.type, ...shared };
      emit(channel, told, times);
    },
    changed: (channel, message, before) =>
      emit(channel, {
        type: "message",
        subtype: "message_changed",
        channel: channel.id,
        channel_type: channel.type,
        message: messageJson(message, { url: url(), withMetadata: false }),
        ...(before && {
          previous_message: messageJson(before, { url: url(), withMetadata: false }),
        }),
        ts: workspace.nextTs(),
      }),
    deleted: (channel, ts, before) =>
      emit(channel, {
        type: "message",
        subtype: "message_deleted",
        channel: channel.id,
        channel_type: channel.type,
        deleted_ts: ts,
        ...(before && {
          previous_message: messageJson(before, { url: url(), withMetadata: false }),
        }),
        ts: workspace.nextTs(),
      }),
    reacted: (channel, { user, name, message }) => {
      const event_ts = workspace.nextTs();
      emit(channel, {
        type: "reaction_added",
        user,
        reaction: name,
        item_user: message.user,
        item: { type: "message", channel: channel.id, ts: message.ts },
        event_ts,
        ts: event_ts,
      });
    },
    assistantOpened: (channel, { user, thread }) =>
      emit(channel, {
        type: "assistant_thread_started",
        assistant_thread: {
          user_id: user,
          context: { force_search: false },
          channel_id: channel.id,
          thread_ts: thread,
        },
        ts: thread,
        event_ts: thread,
      }),
    pressed(channel, { user, message, action }) {
      const action_ts = workspace.nextTs();
      delivery.enqueue({
        about: `press:${action_ts}`,
        type: "interactive",
        payload: {
          type: "block_actions",
          user: { id: user, username: user.toLowerCase(), team_id: teamId },
          api_app_id: bot.appId,
          team: { id: teamId, domain: "twin" },
          channel: { id: channel.id, name: channel.name },
          container: { type: "message", message_ts: message.ts, channel_id: channel.id },
          message: { type: "message", ...message },
          trigger_id: workspace.nextId("Tr"),
          actions: [{ ...action, action_ts }],
        },
      });
    },
  };
}

/** A file as the API shows it. */
export function fileJson({ id, name, mimetype, bytes, shares }: SlackFile, url: string): object {
  const place = `${url}/files-pri/${id}/${encodeURIComponent(name)}`;
  return {
    id,
    name,
    title: name,
    mimetype,
    size: bytes.byteLength,
    mode: "hosted",
    is_external: false,
    url_private: place,
    url_private_download: `${place}?download=1`,
    permalink: `${url}/files/${id}/${encodeURIComponent(name)}`,
    ...(shares && {
      shares: {
        public: Object.fromEntries(
          Object.entries(shares).map(([channel, ts]) => [channel, [{ ts }]]),
        ),
      },
    }),
  };
}

/** A message as conversations.replies shows it. */
export function messageJson(
  { metadata, files, ...message }: SlackMessage,
  { url, withMetadata }: { readonly url: string; readonly withMetadata: boolean },
): object {
  return {
    type: "message",
    ...message,
    unfurls: undefined,
    ...(withMetadata && metadata && { metadata }),
    ...(files && { files: files.map((file) => fileJson(file, url)) }),
  };
}
