import { messageJson } from "../events.ts";
import { Refusal } from "../refusal.ts";
import { threadOf } from "../workspace.ts";
import { channelOf, type Method } from "./method.ts";

/** Who the app is, how it is reached, and what is there to read. */
export const readingMethods: Readonly<Record<string, Method>> = {
  "auth.test": {
    scope: undefined,
    run(params, { workspace, url }) {
      params.nothingElse();
      const { userId, botId } = workspace.bot;
      return {
        url,
        team: "Twin",
        user: "opsthread",
        team_id: workspace.teamId,
        user_id: userId,
        bot_id: botId,
      };
    },
  },

  "apps.connections.open": {
    scope: undefined,
    byApp: true,
    run(params, slack) {
      params.nothingElse();
      return { url: slack.ticket() };
    },
  },

  "users.info": {
    scope: "users:read",
    run(params) {
      const id = params.text("user");
      params.nothingElse();
      if (!/^[UW][A-Z0-9]+$/.test(id)) throw new Refusal("user_not_found");
      const name = id.toLowerCase();
      return { user: { id, name, real_name: name, profile: { display_name: name } } };
    },
  },

  "usergroups.list": {
    scope: "usergroups:read",
    run(params, { workspace }) {
      const withUsers = params.flag("include_users", false);
      params.nothingElse();
      const groups = Array.from(workspace.userGroups, ([id, users]) => ({
        id,
        handle: id.toLowerCase(),
        date_delete: 0,
        ...(withUsers && { users }),
      }));
      return { usergroups: groups };
    },
  },

  "conversations.replies": {
    scope: "channels:history",
    run(params, slack) {
      const channel = channelOf(params, slack);
      const asked = params.text("ts");
      const begins = channel.messages.find(({ ts }) => ts === asked)?.thread_ts ?? asked;
      const oldest = Number(params.optional("oldest") ?? 0);
      const latest = Number(params.optional("latest") ?? Infinity);
      const inclusive = params.flag("inclusive", false);
      const isWithin = (ts: string): boolean =>
        inclusive
          ? Number(ts) >= oldest && Number(ts) <= latest
          : Number(ts) > oldest && Number(ts) < latest;
      // Of a reply's own ts Slack gives that reply alone.
      const thread = begins === asked ? threadOf(channel, asked) : [];
      const reply = channel.messages.filter(({ ts }) => begins !== asked && ts === asked);
      const all = [...thread, ...reply].filter(({ ts }) => isWithin(ts));
      const limit = Number(params.optional("limit") ?? 1000);
      const from = Number(params.optional("cursor") ?? 0);
      const withMetadata = params.flag("include_all_metadata", false);
      params.nothingElse();
      if (!(limit >= 1 && limit <= 1000)) throw new Refusal("invalid_limit");
      if (!Number.isInteger(from)) throw new Refusal("invalid_cursor");
      if (all.length === 0) throw new Refusal("thread_not_found");
      const size = Math.min(limit, pageSize);
      const isMore = from + size < all.length;
      return {
        messages: all
          .slice(from, from + size)
          .map((message) => messageJson(message, { url: slack.url, withMetadata })),
        has_more: isMore,
        ...(isMore && { response_metadata: { next_cursor: String(from + size) } }),
      };
    },
  },
};

/** Slack may give fewer than it was asked for. */
const pageSize = 50;
