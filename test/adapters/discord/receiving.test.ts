import { expect, test } from "vitest";

import { silentLogger } from "../../../src/core/logger.ts";
import {
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openDiscord } from "./open-discord.ts";
import { started } from "./started.ts";

const { signal } = new AbortController();

test("without the privileged intent a mention and a reply to the bot are read, and nothing else in a guild", async () => {
  const said: string[] = [];
  const info = (_: object, message: string): void => void said.push(message);
  await using opened = await started({ twin: { intents: [] }, log: { ...silentLogger, info } });
  const { discord, inbound } = opened;
  const place = discord.say({ text: "first", mention: true, user: "UANN" });
  discord.say({ ...place, text: "and this?", user: "UANN" });
  discord.say({ ...place, text: "and this!", mention: true, user: "UANN" });
  discord.sayDirectly({ text: "alone", user: "UANN" });
  await inbound.received(3);
  await discord.roundTrip();

  expect(inbound.messages.map(({ text, kind }) => `${kind}: ${text}`).toSorted()).toEqual([
    "direct: alone",
    "mention: and this!",
    "mention: first",
  ]);
  expect(said.join()).toMatch(/need a mention .* Message Content Intent/);
});

test("with the intent, what is said in a thread needs no mention; in a channel it does", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const place = discord.say({ text: "first", mention: true });
  discord.say({ text: "talk in the channel" });
  discord.say({ ...place, text: "more" });
  await inbound.received(2);
  expect(inbound.messages.map(({ kind, text }) => [kind, text])).toEqual([
    ["mention", "first"],
    ["thread", "more"],
  ]);
});

test("an intent that is not turned on is told with what to do about it", async () => {
  await using opened = await openDiscord({ twin: { intents: [] }, messageContent: true });
  const { discord, adapter } = opened;
  await expect(adapter.start(recordingInbound())).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(
      `Message Content Intent" at https://discord.com/developers/applications/${discord.applicationId}/bot`,
    ),
  });
  expect(discord.gateway.log).toContain("close 4014");
});

test.each([
  ["", "not set"],
  ["xoxb-1-2", "no token of a bot"],
])("the token %o is refused at once", async (botToken, problem) => {
  await expect(openDiscord({ botToken })).rejects.toThrow(problem);
});

test("a token that Discord does not know ends the start", async () => {
  await using opened = await openDiscord({ botToken: "other.bot.token" });
  await expect(opened.adapter.start(recordingInbound())).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
});

test("a person's roles and name come along; a direct channel is one session", async () => {
  await using opened = await started();
  const { discord, inbound, refOf } = opened;
  discord.giveRoles("UANN", ["900000000000000001"]);
  discord.say({ text: "hello", mention: true, user: "UANN" });
  const one = discord.sayDirectly({ text: "one", user: "UBOB" });
  discord.sayDirectly({ text: "two", user: "UBOB" });
  const messages = await inbound.received(3);
  const said = messages.find(({ kind }) => kind === "mention");
  const [first, second] = messages.filter(({ kind }) => kind === "direct");

  expect(said?.actor).toEqual({ id: "UANN", name: "uann", roles: ["900000000000000001"] });
  expect(first).toMatchObject({ kind: "direct", thread: refOf(one) });
  expect(second?.thread).toEqual(first?.thread);
});

test("a post in a forum is a thread of the forum", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const place = discord.sayInForum({ title: "Web is slow", text: "why?", mention: true });
  const [message] = await inbound.received(1);
  expect(message?.thread).toMatchObject({
    channel: discord.channels["help"],
    thread: place.thread,
  });
  expect(place.channel).toBe(discord.channels["help"]);
});

test("bots, webhooks and its own posts are not read", async () => {
  await using opened = await started();
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "first", mention: true });
  await inbound.received(1);
  const markdown = `<@${discord.botUserId}> again`;
  await adapter.post(postInto(refOf(place), { key: "k1", markdown }), {
    signal,
    open: noArtifacts,
  });
  discord.say({ ...place, text: "last" });
  await inbound.received(2);
  expect(inbound.messages.map(({ text }) => text)).toEqual(["first", "last"]);
});

test("a message that is changed or deleted is revised, under its id", async () => {
  await using opened = await started();
  const { discord, inbound, refOf } = opened;
  const place = discord.say({ text: "frist", mention: true, user: "UANN" });
  const more = discord.say({ ...place, text: "and more", user: "UANN" });
  await inbound.received(2);
  discord.edit(place, `<@${discord.botUserId}> first`);
  discord.remove(more);
  await eventually(() => inbound.revisions.length === 2, "the revisions");

  const edited = inbound.revisions.find(({ message: now }) => now);
  const deleted = inbound.revisions.find(({ message: now }) => !now);
  const [message] = inbound.messages;
  expect(edited).toEqual({
    id: message?.id,
    thread: refOf(place),
    message: { ...message, text: "first" },
  });
  expect(deleted).toEqual({
    id: inbound.messages[1]?.id,
    thread: refOf(place),
    message: undefined,
  });
});

test("what was said during an interruption comes when the connection goes on, once, in order", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const place = discord.say({ text: "0", mention: true });
  await inbound.received(1);
  discord.gateway.cut();
  for (let count = 1; count <= 5; count += 1) discord.say({ ...place, text: String(count) });
  await inbound.received(6);

  expect(inbound.messages.map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4", "5"]);
  expect(discord.gateway.log.filter((each) => each === "identify")).toHaveLength(1);
  expect(discord.gateway.log).toContain("resume");
});

test("a line that is dead without knowing it is found, and what was missed comes", async () => {
  await using opened = await started({ twin: { heartbeatMs: 400 } });
  const { discord, inbound } = opened;
  const place = discord.say({ text: "before", mention: true });
  await inbound.received(1);
  discord.gateway.goSilent();
  discord.say({ ...place, text: "into the silence" });
  await inbound.received(2);
  expect(discord.gateway.log).toContain("resume");
});

test("a bot whose heartbeats do not arrive is dropped (4009), and comes back", async () => {
  await using opened = await started({ twin: { heartbeatMs: 400 } });
  const { log, goDeaf } = opened.discord.gateway;
  // Else the bot itself finds out first.
  await eventually(() => log.includes("heartbeat"), "the first heartbeat");
  goDeaf();
  await eventually(() => log.includes("close 4009"), "the end of the line");
  // Discord has ended the session then, and says so: how that goes on has a test of its own.
  await eventually(() => log.includes("resume"), "the next line");
  expect(log.indexOf("resume")).toBeGreaterThan(log.indexOf("close 4009"));
});

test("after a session that can't be resumed, what was missed is read from the channels, once", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const place = discord.say({ text: "before", mention: true, user: "UANN" });
  await inbound.received(1);
  discord.giveRoles("UANN", ["900000000000000001"]);
  discord.gateway.invalidate();
  discord.say({ ...place, text: "meanwhile", user: "UANN" });
  discord.say({ text: "to nobody" });
  discord.say({ text: "elsewhere", mention: true, channel: discord.channels["web"] ?? "" });
  await inbound.received(3);
  await discord.roundTrip();

  expect(inbound.messages.map(({ text }) => text).toSorted()).toEqual([
    "before",
    "elsewhere",
    "meanwhile",
  ]);
  expect(inbound.messages.find(({ text }) => text === "meanwhile")?.actor.roles).toEqual([
    "900000000000000001",
  ]);
});

test("Discord asks to reconnect: nothing is lost", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const place = discord.say({ text: "before", mention: true });
  await inbound.received(1);
  discord.gateway.reconnect();
  discord.say({ ...place, text: "meanwhile" });
  await eventually(() => discord.gateway.log.includes("resume"), "the next connection");
  discord.say({ ...place, text: "after" });
  await inbound.received(3);
  expect(inbound.messages.map(({ text }) => text)).toEqual(["before", "meanwhile", "after"]);
});

test("who was refused is told so directly once a minute, and openly where that can't be", async () => {
  const clock = manualClock(Date.now());
  await using opened = await started({ clock }, async () => ({
    status: "denied",
    reason: "You are not on the list",
  }));
  const { discord } = opened;
  discord.closeDirect("UBOB");
  const place = discord.say({ text: "hello", mention: true, user: "UANN" });
  const open = discord.say({ text: "hello", mention: true, user: "UBOB" });
  await eventually(() => discord.whispers("UANN").length === 1, "the refusal");
  await eventually(() => discord.thread(open).length === 2, "the refusal in the open");
  expect(discord.whispers("UANN")[0]).toBe(`<#${place.channel}>: You are not on the list`);
  expect(discord.thread(open)[1]).toMatchObject({
    isBot: true,
    text: "You are not on the list",
    calls: [],
  });

  discord.say({ text: "hello?", mention: true, user: "UANN" });
  await discord.roundTrip();
  expect(discord.whispers("UANN")).toHaveLength(1);
});
