import { expect, test } from "vitest";

import { discordApi } from "../../../src/adapters/discord/api.ts";
import { intentsOf } from "../../../src/adapters/discord/intents.ts";
import { leanClient } from "../../../src/adapters/discord/lean-client.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { discordTwin } from "../../../src/testing/discord-twin/discord-twin.ts";

test("nothing is kept of what people say, and who they are; guilds and channels are", async () => {
  await using discord = await discordTwin();
  const { botToken, apiUrl } = discord;
  const api = discordApi({
    botToken,
    apiUrl,
    timeoutMs: 5000,
    maxInvalidRequests: 100,
    clock: systemClock,
    log: silentLogger,
  });
  const client = await leanClient({
    intents: intentsOf({ messageContent: true, reactions: false }),
    rest: await api.rest(),
  });
  let told = 0;
  client.on("raw", ({ t }: { readonly t: string }) => {
    if (t === "MESSAGE_CREATE") told += 1;
  });
  try {
    await client.login(botToken);
    await eventually(() => client.isReady(), "the client");
    const place = discord.say({ text: "first" });
    for (let count = 0; count < 500; count += 1)
      discord.say({
        ...place,
        text: "talk",
        user: String(80_351_110_224_000_000n + BigInt(count)),
      });
    await eventually(() => told === 501, "all messages");
    const guild = client.guilds.cache.first();
    expect(client.users.cache.size).toBeLessThanOrEqual(1);
    expect(guild?.members.cache.size).toBeLessThanOrEqual(1);
    const texts = client.channels.cache.filter((channel) => channel.isTextBased());
    expect(texts.reduce((sum, channel) => sum + channel.messages.cache.size, 0)).toBe(0);
    expect(client.channels.cache.has(place.thread)).toBe(true);
  } finally {
    await client.destroy();
  }
});
