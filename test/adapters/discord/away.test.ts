import { expect, test } from "vitest";

import { discordAdapter } from "../../../src/adapters/discord/index.ts";
import { givenAt } from "../../../src/adapters/discord/snowflake.ts";
import { eventually, recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openDiscord } from "./open-discord.ts";
import { started } from "./started.ts";

test("what was written to the bot alone while it was away is read where there is a session, once, in order", async () => {
  await using opened = await openDiscord({ commands: "nowhere" });
  const { discord, refOf } = opened;
  const { botToken, apiUrl } = discord;
  await using before = discordAdapter({ botToken, apiUrl, commands: "nowhere" });
  const first = recordingInbound();
  await before.start(first);
  const place = discord.sayDirectly({ text: "before", user: "UANN" });
  const [known] = await first.received(1);
  await before[Symbol.asyncDispose]();
  await eventually(() => discord.connections() === 0, "the end of the first process");
  for (const text of ["one", "two"]) discord.sayDirectly({ text, user: "UANN" });
  discord.sayDirectly({ text: "nobody has ever talked here", user: "UBOB" });

  const seen = new Set([known?.id]);
  const inbound = recordingInbound(
    async ({ id }) => ({ status: seen.has(id) ? "duplicate" : "accepted" }),
    {
      threads: async () => [
        { platform: "discord", workspace: discord.guildId, channel: "1", thread: "2" },
        { platform: "slack", workspace: "@me", channel: "D1", thread: "D1" },
        refOf(place),
      ],
    },
  );
  await opened.adapter.start(inbound);
  await inbound.received(3);
  await discord.roundTrip();
  expect(inbound.messages.map(({ text, kind }) => `${kind}: ${text}`)).toEqual([
    "direct: before",
    "direct: one",
    "direct: two",
  ]);
  const read = discord.calls.filter((call) => call.startsWith("GET /channels/"));
  expect(read).toEqual([`GET /channels/${place.channel}/messages`]);
});

test("more channels than Discord lets a bot read in a second are all read", async () => {
  const names = Array.from({ length: 60 }, (_, index) => `room-${index}`);
  await using opened = await openDiscord({ commands: "nowhere", twin: { channels: names } });
  const { discord } = opened;
  for (const name of names)
    discord.say({ text: name, channel: discord.channels[name] ?? "", mention: true });
  const inbound = recordingInbound();
  await opened.adapter.start(inbound);
  await inbound.received(names.length);
  expect(inbound.messages.map(({ text }) => text).toSorted()).toEqual(names.toSorted());
});

test("channels that the bot may not see are not asked for: Discord counts what it refuses", async () => {
  await using opened = await openDiscord({ commands: "nowhere" });
  const { discord } = opened;
  const secret = discord.channels["secret"] ?? "";
  discord.say({ text: "among people", channel: secret });
  discord.say({ text: "for the bot", mention: true });
  const inbound = recordingInbound();
  await opened.adapter.start(inbound);
  await inbound.received(1);
  await discord.roundTrip();
  const read = discord.calls.filter((call) => /^GET \/channels\/\d+\/messages/.test(call));
  expect(read).toEqual([`GET /channels/${discord.channels["ops"]}/messages`]);
});

test("a bot that knows of no sessions starts without looking", async () => {
  await using opened = await started();
  await opened.discord.roundTrip();
  expect(opened.discord.calls.filter((call) => call.startsWith("GET /channels/"))).toEqual([]);
});

test("talk from before the bot was named in a thread stays among people; what was said after comes", async () => {
  const clock = manualClock(Date.now());
  await using opened = await openDiscord({ commands: "nowhere", twin: { clock } });
  const { discord, refOf } = opened;
  const where = discord.openThread({ name: "incident" });
  const say = async (text: string, mention = false) => {
    await clock.advance(1);
    return discord.say({ ...where, text, mention });
  };
  await say("is it the disk?");
  await say("stop");
  const named = await say("what is it?", true);
  await say("we wait");
  const begun = givenAt(named.id);
  const inbound = recordingInbound(
    async ({ kind }) => ({ status: kind === "mention" ? "duplicate" : "accepted" }),
    { begunAt: async (thread) => (thread.thread === refOf(where).thread ? begun : undefined) },
  );
  await opened.adapter.start(inbound);
  await inbound.received(2);
  await discord.roundTrip();
  expect(inbound.messages.map(({ text }) => text)).toEqual(["what is it?", "we wait"]);
});
