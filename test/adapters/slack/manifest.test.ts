import { expect, test } from "vitest";
import { z } from "zod";

import { botScopes, slackManifest } from "../../../src/adapters/slack/manifest.ts";

/** What Slack's own check looks at: https://docs.slack.dev/reference/app-manifest */
const Manifest = z.object({
  display_information: z.object({
    name: z.string().min(1).max(35),
    description: z.string().max(140).optional(),
  }),
  features: z.object({
    assistant_view: z.object({ assistant_description: z.string().max(300) }),
    bot_user: z.object({ display_name: z.string().regex(/^[a-z0-9._ -]{1,80}$/) }),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({
    event_subscriptions: z.object({ bot_events: z.array(z.string()).max(100) }),
    interactivity: z.object({ is_enabled: z.literal(true) }),
  }),
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

test("the manifest is one that Slack takes, with a scope for each event", () => {
  const { oauth_config, settings } = Manifest.parse(slackManifest({ name: "Ops Bot" }));
  const { bot } = oauth_config.scopes;
  for (const event of settings.event_subscriptions.bot_events)
    expect(bot).toContain(scopeOfEvent[event] ?? "chat:write");
  expect(bot).toEqual(expect.arrayContaining([...botScopes]));
  expect(new Set(bot).size).toBe(bot.length);
});
