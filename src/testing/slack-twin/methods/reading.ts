import { messageJson } from "../events.ts";
import { Refusal } from "../refusal.ts";
import { threadOf } from "../workspace.ts";
import { pageOf, userJson } from "./channels.ts";
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
      return { user: userJson(id) };
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
      const withMetadata = params.flag("include_all_metadata", false);
      const { items, ...paging } = pageOf(all, params, { most: 1000 });
      params.nothingElse();
      if (all.length === 0) throw new Refusal("thread_not_found");
      return {
        messages: items.map((message) => messageJson(message, { url: slack.url, withMetadata })),
        ...paging,
      };
    },
  },
};
