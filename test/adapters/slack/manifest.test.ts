import { expect, test } from "vitest";
import { z } from "zod";

import { botScopes, slackManifest } from "../../../src/adapters/slack/manifest.ts";

/** As Slack takes it: https://docs.slack.dev/reference/app-manifest */
const Manifest = z.object({
  display_information: z.object({ name: z.string().max(35), description: z.string().max(140) }),
  features: z.object({
    assistant_view: z.object({ assistant_description: z.string().max(300) }),
    bot_user: z.object({ display_name: z.string().regex(/^[a-z0-9._ -]{1,80}$/) }),
    shortcuts: z
      .array(
        z.object({
          name: z.string().max(24),
          type: z.enum(["message", "global"]),
          callback_id: z.string().max(255),
          description: z.string().max(150),
        }),
      )
      .max(10),
    slash_commands: z.array(
      z.object({
        command: z.string().regex(/^\/[a-z_-]{1,31}$/),
        description: z.string().max(2000),
        url: z.url().optional(),
      }),
    ),
  }),
  oauth_config: z.object({
    redirect_urls: z.array(z.url()).optional(),
    scopes: z.object({ bot: z.array(z.string()) }),
  }),
  settings: z.object({
    event_subscriptions: z.object({
      request_url: z.url().optional(),
      bot_events: z.array(z.string()),
    }),
    interactivity: z.object({ is_enabled: z.literal(true), request_url: z.url().optional() }),
    socket_mode_enabled: z.boolean(),
  }),
});
const read = (...given: Parameters<typeof slackManifest>) =>
  Manifest.parse(slackManifest(...given));

test("an app of Socket Mode has no addresses", () => {
  const { settings, features, oauth_config } = read();
  expect(settings.socket_mode_enabled).toBe(true);
  expect(JSON.stringify([settings, features])).not.toMatch(/url/);
  expect(oauth_config.redirect_urls).toBeUndefined();
});

test("an app of HTTP has its address everywhere, and one to come back to", () => {
  const url = "https://bot.example/slack/events";
  const redirectUrl = "https://bot.example/slack/oauth_redirect";
  const { settings, features, oauth_config } = read({ requestUrl: url, redirectUrl });
  expect(settings).toMatchObject({
    socket_mode_enabled: false,
    event_subscriptions: { request_url: url },
    interactivity: { request_url: url },
  });
  expect(features.slash_commands[0]?.url).toBe(url);
  expect(oauth_config.redirect_urls).toEqual([redirectUrl]);
});

test("scopes and events are those of what is switched on", () => {
  const more = read({ userGroups: true });
  expect(more.oauth_config.scopes.bot).toEqual(
    expect.arrayContaining(["commands", "mpim:history", "reactions:read", "usergroups:read"]),
  );
  expect(more.settings.event_subscriptions.bot_events).toContain("reaction_added");
  const less = read({ reactions: false });
  expect(less.oauth_config.scopes.bot).not.toContain("reactions:read");
  expect(less.oauth_config.scopes.bot).not.toContain("usergroups:read");
  expect(less.settings.event_subscriptions.bot_events).not.toContain("reaction_added");
});

/** Without them Slack refuses the manifest. */
const scopeOfEvent: Readonly<Record<string, string>> = {
  app_mention: "app_mentions:read",
  assistant_thread_started: "assistant:write",
  "message.channels": "channels:history",
  "message.groups": "groups:history",
  "message.im": "im:history",
  "message.mpim": "mpim:history",
  reaction_added: "reactions:read",
};

test("there is a scope for each event, and each once", () => {
  const { oauth_config, settings } = read({ name: "Ops Bot" });
  const { bot } = oauth_config.scopes;
  for (const event of settings.event_subscriptions.bot_events)
    expect(bot).toContain(scopeOfEvent[event] ?? "chat:write");
  expect(bot).toEqual(expect.arrayContaining([...botScopes]));
  expect(new Set(bot).size).toBe(bot.length);
});
