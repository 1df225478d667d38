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

/** Those, and what the bot does without where they are missing: suggested prompts and titles. */
export const manifestScopes = (): readonly string[] => [...botScopes, "assistant:write"].toSorted();

/** The manifest of a Slack app for {@link slackAdapter}: https://docs.slack.dev/reference/app-manifest */
export function slackManifest({ name = "Opsthread" }: { readonly name?: string } = {}): object {
  return {
    display_information: { name, description: "Runs ops work from threads" },
    features: {
      app_home: { messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      assistant_view: { assistant_description: "Ask about logs and configuration files" },
      bot_user: { display_name: name.toLowerCase(), always_online: true },
    },
    oauth_config: { scopes: { bot: manifestScopes() } },
    settings: {
      event_subscriptions: {
        bot_events: [
          "app_mention",
          "assistant_thread_started",
          "message.channels",
          "message.groups",
          "message.im",
        ],
      },
      interactivity: { is_enabled: true },
      org_deploy_enabled: false,
      socket_mode_enabled: true,
      token_rotation_enabled: false,
    },
  };
}
