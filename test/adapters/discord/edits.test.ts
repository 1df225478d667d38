import { expect, test } from "vitest";

import type { Received } from "../../../src/adapters/adapter.ts";
import { eventually, recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openDiscord } from "./open-discord.ts";
import { started } from "./started.ts";

const named = (text: string, { botUserId }: { readonly botUserId: string }): string =>
  `<@${botUserId}> ${text}`;

test("a message that is edited to name the bot is said to it, once", async () => {
  await using opened = await started();
  const { discord, inbound, refOf } = opened;
  const place = discord.say({ text: "what broke?", user: "UANN" });
  discord.edit(place, named("what broke?", discord));
  const [message] = await inbound.received(1);
  expect(message).toMatchObject({
    kind: "mention",
    text: "what broke?",
    thread: refOf(place),
    actor: { id: "UANN" },
  });

  discord.edit(place, named("what broke today?", discord));
  await eventually(() => inbound.revisions.length === 2, "the second edit");
  await discord.roundTrip();
  expect(inbound.messages).toHaveLength(1);
});

test("without the privileged intent, too, an edit that names the bot in a thread is read", async () => {
  await using opened = await started({ twin: { intents: [] } });
  const { discord, inbound } = opened;
  const place = discord.say({ text: "first", mention: true });
  await inbound.received(1);
  const more = discord.say({ ...place, text: "and the disk?" });
  discord.edit(more, named("and the disk?", discord));
  const messages = await inbound.received(2);
  expect(messages[1]).toMatchObject({ kind: "mention", text: "and the disk?" });
});

test("talk in a thread that is not the bot's is not for it until an edit names it", async () => {
  const answers: Record<string, Received> = { thread: { status: "ignored" } };
  await using opened = await started({}, async ({ kind }) => {
    return answers[kind] ?? { status: "accepted" };
  });
  const { discord, inbound } = opened;
  const start = discord.say({ text: "among people" });
  const talk = discord.say({ ...start, text: "look at this" });
  await inbound.received(1);
  discord.edit(talk, named("look at this", discord));
  const messages = await inbound.received(2);
  expect(messages.map(({ kind }) => kind)).toEqual(["thread", "mention"]);
});

test("an edit of what is older than a day calls nobody back", async () => {
  const clock = manualClock(Date.now());
  await using opened = await started({ clock });
  const { discord, inbound } = opened;
  const place = discord.say({ text: "long ago" });
  await discord.roundTrip();
  await clock.advance(25 * 3_600_000);
  discord.edit(place, named("long ago", discord));
  await eventually(() => inbound.revisions.length === 1, "the edit");
  await discord.roundTrip();
  expect(inbound.messages).toEqual([]);
});

test("who takes the bot's name out of a message that waits has changed that message", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const place = discord.say({ text: "delete it all", mention: true });
  await inbound.received(1);
  discord.edit(place, "never mind");
  await eventually(() => inbound.revisions.length === 1, "the edit");
  expect(inbound.revisions[0]).toMatchObject({
    id: inbound.messages[0]?.id,
    message: { text: "never mind" },
  });
});

test("an edit that could not be stored is tried again", async () => {
  const clock = manualClock(Date.now());
  await using opened = await openDiscord({ clock, commands: "nowhere" });
  const { discord, adapter } = opened;
  const inbound = recordingInbound();
  let failures = 2;
  await adapter.start({
    ...inbound,
    async revise(revision) {
      if (failures-- > 0) throw new Error("The disk is full");
      return inbound.revise(revision);
    },
  });
  const place = discord.say({ text: "frist", mention: true });
  await inbound.received(1);
  discord.edit(place, named("first", discord));
  for (let waits = 0; waits < 3; waits += 1) {
    await discord.roundTrip();
    await clock.advance(30_000);
  }
  await eventually(() => inbound.revisions.length === 1, "the edit");
  expect(inbound.revisions[0]?.message?.text).toBe("first");
});
