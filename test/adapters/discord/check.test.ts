import { expect, test } from "vitest";

import { checkDiscord } from "../../../src/adapters/discord/index.ts";
import { discordTwin } from "../../../src/testing/discord-twin/discord-twin.ts";

const { signal } = new AbortController();

test.each([
  { intents: ["messageContent"] as const, text: /need no mention/, hint: /^add it/ },
  { intents: [] as const, text: /mentions, replies/, hint: /Message Content Intent/ },
])("a token is told with what it may read: $intents", async ({ intents, text, hint }) => {
  await using discord = await discordTwin({ intents });
  const { botToken, apiUrl } = discord;
  const check = await checkDiscord({ botToken, apiUrl, signal });
  expect(check).toMatchObject({ ok: true, text: expect.stringMatching(text) });
  expect(check.hint).toMatch(hint);
  expect(check.hint).toContain(
    `client_id=${discord.applicationId}&scope=bot+applications.commands`,
  );
});

test("how many shards there should be, and how many sessions are left, is told", async () => {
  const starts = { remaining: 7 };
  await using discord = await discordTwin({ shards: 3, sessionStarts: starts });
  const { botToken, apiUrl } = discord;
  const check = await checkDiscord({ botToken, apiUrl, signal });
  expect(check.text).toMatch(/3 shards, 7 of 1000 sessions left today/);
});

test("that no more sessions may be begun is told with when there are some again", async () => {
  await using discord = await discordTwin({ sessionStarts: { remaining: 0 } });
  const { botToken, apiUrl } = discord;
  const check = await checkDiscord({ botToken, apiUrl, signal });
  expect(check.ok).toBe(false);
  expect(check.text).toMatch(/0 of the 1000 sessions a day are left.*again at \d{4}-/);
});

test("a token that is not valid is told with where to get one, and is not shown", async () => {
  await using discord = await discordTwin();
  const check = await checkDiscord({ botToken: "other.bot.token", apiUrl: discord.apiUrl, signal });
  expect(check.ok).toBe(false);
  expect(check.text).toMatch(/not valid.*reset it/);
  expect(JSON.stringify(check)).not.toContain("other.bot");
});
