import { shortcutId } from "./asking/shortcut-id.ts";
import type { ControlEmoji } from "./emoji.ts";

/** What the bot's token must be allowed to do. */
export const botScopes = [
  "app_mentions:read",
  "channels:history",
  "chat:write",
  "files:read",
  "files:write",
  "groups:history",
  "im:history",
] as const;

/** What of an adapter's options makes a difference to its app. */
export interface SlackFeatures {
  /** Default true. */
  readonly reactions?: boolean | ControlEmoji;
  /** Default false. */
  readonly userGroups?: boolean;
}

/** All that a token is for: without those that {@link botScopes} lacks, it works but for what needs them. */
export const scopesFor = ({ reactions = true, userGroups = false }: SlackFeatures): string[] => [
  ...botScopes,
  "assistant:write",
  "commands",
  "mpim:history",
  ...(reactions !== false ? ["reactions:read"] : []),
  ...(userGroups ? ["usergroups:read"] : []),
  "users:read",
];

export interface SlackManifestOptions extends SlackFeatures {
  /** What the app is called. Default `Opsthread`. */
  readonly name?: string;
  /** For an app that Slack reaches by HTTP: the whole URL. Default: Socket Mode. */
  readonly requestUrl?: string;
  /** For an app that people install by OAuth: `redirectUri` of its options. */
  readonly redirectUrl?: string;
}

/** The manifest of a Slack app for {@link slackAdapter}: https://docs.slack.dev/reference/app-manifest */
export function slackManifest({
  name = "Opsthread",
  requestUrl,
  redirectUrl,
  ...features
}: SlackManifestOptions = {}): object {
  const url = requestUrl !== undefined && { url: requestUrl };
  const request_url = requestUrl !== undefined && { request_url: requestUrl };
  return {
    display_information: { name, description: "Runs ops work from threads" },
    features: {
      app_home: { messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      assistant_view: { assistant_description: "Ask about logs and configuration files" },
      bot_user: { display_name: name.toLowerCase(), always_online: true },
      shortcuts: [
        {
          name: "Ask Opsthread about this",
          type: "message",
          callback_id: shortcutId,
          description: "Asks a question about a message, in its thread",
        },
      ],
      slash_commands: [
        {
          command: "/ops",
          description: "Runs ops work in a thread of its own",
          usage_hint: "ask … | help",
          should_escape: false,
          ...url,
        },
      ],
    },
    oauth_config: {
      scopes: { bot: scopesFor(features) },
      ...(redirectUrl !== undefined && { redirect_urls: [redirectUrl] }),
    },
    settings: {
      event_subscriptions: {
        ...request_url,
        bot_events: [
          "app_mention",
          "app_uninstalled",
          "assistant_thread_started",
          "message.channels",
          "message.groups",
          "message.im",
          "message.mpim",
          ...((features.reactions ?? true) !== false ? ["reaction_added"] : []),
          "tokens_revoked",
        ],
      },
      interactivity: { is_enabled: true, ...request_url },
      org_deploy_enabled: false,
      socket_mode_enabled: requestUrl === undefined,
      token_rotation_enabled: false,
    },
  };
}
