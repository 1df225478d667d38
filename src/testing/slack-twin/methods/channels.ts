import { messageJson } from "../events.ts";
import type { Params } from "../params.ts";
import { Refusal } from "../refusal.ts";
import type { SlackChannel, SlackWorkspace } from "../workspace.ts";
import { channelOf, type Method } from "./method.ts";

/** Which channels there are, and what is in them besides threads. */
export const channelMethods: Readonly<Record<string, Method>> = {
  "conversations.info": {
    scope: "channels:read",
    run(params, { workspace }) {
      const channel = workspace.channels.get(params.text("channel"));
      params.flag("include_num_members", false);
      params.nothingElse();
      if (!channel || !isSeen(channel)) throw new Refusal("channel_not_found");
      return { channel: channelJson(channel) };
    },
  },

  "conversations.list": {
    scope: "channels:read",
    run(params, { workspace }) {
      const types = new Set((params.optional("types") ?? "public_channel").split(","));
      const withoutArchived = params.flag("exclude_archived", false);
      const channels = [...workspace.channels.values()].filter(
        (channel) =>
          isSeen(channel) &&
          types.has(typeNames[channel.type]) &&
          !(withoutArchived && channel.isArchived),
      );
      const { items, ...paging } = pageOf(channels, params, { most: 1000 });
      params.nothingElse();
      return { channels: items.map(channelJson), ...paging };
    },
  },

  "conversations.members": {
    scope: "channels:read",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const people = new Set(channel.messages.map(({ user }) => user));
      const { items, ...paging } = pageOf([...people.add(slack.workspace.bot.userId)], params, {
        most: 1000,
      });
      params.nothingElse();
      return { members: items, ...paging };
    },
  },

  "conversations.history": {
    scope: "channels:history",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const oldest = Number(params.optional("oldest") ?? 0);
      const latest = Number(params.optional("latest") ?? Infinity);
      const inclusive = params.flag("inclusive", false);
      const withMetadata = params.flag("include_all_metadata", false);
      const isWithin = (ts: number): boolean =>
        inclusive ? ts >= oldest && ts <= latest : ts > oldest && ts < latest;
      // Newest first; replies are in their threads only.
      const all = channel.messages
        .filter(({ ts, thread_ts = ts }) => thread_ts === ts && isWithin(Number(ts)))
        .toReversed();
      const { items, ...paging } = pageOf(all, params, { most: 999 });
      params.nothingElse();
      return {
        messages: items.map((message) => messageJson(message, { url: slack.url, withMetadata })),
        ...paging,
      };
    },
  },

  "conversations.open": {
    scope: "im:write",
    run(params, { workspace }) {
      const users = params.text("users").split(",");
      params.nothingElse();
      const type = users.length === 1 ? "im" : "mpim";
      const channel = [...workspace.channels.values()].find((each) => each.type === type);
      if (!channel) throw new Refusal("user_not_found");
      return { channel: { id: channel.id } };
    },
  },

  "conversations.join": {
    scope: "channels:join",
    run(params, { workspace }) {
      const channel = workspace.channels.get(params.text("channel"));
      params.nothingElse();
      if (!channel) throw new Refusal("channel_not_found");
      if (channel.type !== "channel") throw new Refusal("method_not_supported_for_channel_type");
      if (channel.isArchived) throw new Refusal("is_archived");
      const joined = { ...channel, isMember: true };
      workspace.channels.set(channel.id, joined);
      return { channel: channelJson(joined) };
    },
  },

  "users.list": {
    scope: "users:read",
    run(params, { workspace }) {
      const { items, ...paging } = pageOf(peopleOf(workspace), params, { most: 1000 });
      params.nothingElse();
      return { members: items.map(userJson), ...paging };
    },
  },

  "chat.getPermalink": {
    scope: undefined,
    run(params, slack) {
      const channel = channelOf(params, slack);
      const ts = params.text("message_ts");
      params.nothingElse();
      if (!channel.messages.some((message) => message.ts === ts))
        throw new Refusal("message_not_found");
      const permalink = `https://twin.slack.com/archives/${channel.id}/p${ts.replace(".", "")}`;
      return { channel: channel.id, permalink };
    },
  },
};

const typeNames = {
  channel: "public_channel",
  group: "private_channel",
  im: "im",
  mpim: "mpim",
} as const;

/** What is private is there only for who is in it. */
const isSeen = ({ type, isMember }: SlackChannel): boolean => isMember || type === "channel";

const channelJson = ({ id, name, type, isMember, isArchived }: SlackChannel): object => ({
  id,
  name,
  is_channel: type === "channel",
  is_group: type === "group",
  is_im: type === "im",
  is_mpim: type === "mpim",
  is_private: type !== "channel",
  is_member: isMember,
  is_archived: isArchived,
});

/** Everybody who has said something. */
const peopleOf = ({ channels, bot }: SlackWorkspace): readonly string[] => [
  ...new Set(
    [...channels.values()].flatMap(({ messages }) => messages.map(({ user }) => user)),
  ).add(bot.userId),
];

/** A person, by an id that nobody else needs to know. */
export function userJson(id: string): object {
  const name = id.toLowerCase();
  return { id, name, real_name: name, profile: { display_name: name } };
}

/** Slack may give fewer than it was asked for. */
const pageSize = 50;

/** A page, and where the next one begins: https://docs.slack.dev/apis/web-api/pagination */
export function pageOf<Item>(all: readonly Item[], params: Params, { most }: { most: number }) {
  const limit = Number(params.optional("limit") ?? 100);
  const from = Number(params.optional("cursor") || 0);
  if (!(limit >= 1 && limit <= most)) throw new Refusal("invalid_limit");
  if (!Number.isInteger(from)) throw new Refusal("invalid_cursor");
  const size = Math.min(limit, pageSize);
  const isMore = from + size < all.length;
  return {
    items: all.slice(from, from + size),
    has_more: isMore,
    ...(isMore && { response_metadata: { next_cursor: String(from + size) } }),
  };
}
