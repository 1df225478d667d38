import { expect, test } from "vitest";

import {
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import { openDiscord } from "./open-discord.ts";
import { started } from "./started.ts";

// Where no threads are, such as in the chat of a voice channel: answers are beneath what was asked.

const plain = { signal: new AbortController().signal, open: noArtifacts };
const card = {
  kind: "approval",
  markdown: "**May I restart web?**",
  approval: { approvalId: "1abcde", title: "May I", facts: [], choices: ["once", "deny"] },
} as const;

async function inVoice() {
  const channels = [{ name: "Standup", kind: "voice" as const }];
  const opened = await started({ twin: { channels } });
  const { discord, inbound, adapter, refOf } = opened;
  const channel = discord.channels["Standup"] ?? "";
  const place = discord.say({ text: "restart web", mention: true, channel, user: "UANN" });
  await inbound.received(1);
  const thread = refOf(place);
  const post = (given: Parameters<typeof postInto>[1]) =>
    adapter.post(postInto(thread, given), plain);
  return { ...opened, channel, place, thread, post };
}

test("a reply to the bot goes on with what it answered, named or not", async () => {
  await using opened = await inVoice();
  const { discord, inbound, channel, thread } = opened;
  const { messageId } = await opened.post({ key: "k1" });
  discord.say({ text: "and db?", channel, replyTo: messageId });
  discord.say({ text: "and I?", channel, replyTo: messageId, ping: false });
  discord.say({ text: "among people", channel });
  discord.say({ text: "something else", channel, mention: true });
  await inbound.received(4);
  const [, named, quiet, other] = inbound.messages;
  expect([named?.kind, named?.thread]).toEqual(["mention", thread]);
  expect([quiet?.kind, quiet?.thread]).toEqual(["thread", thread]);
  expect(other?.thread).not.toEqual(thread);

  await opened.post({ key: "k2" });
  expect(discord.threadOf(thread.thread)).toBeUndefined();
  expect(discord.thread(opened.place).filter(({ isBot }) => isBot)).toHaveLength(2);
});

test("such a reply that is changed or deleted is revised where it was brought", async () => {
  await using opened = await inVoice();
  const { discord, inbound, channel, thread } = opened;
  const { messageId } = await opened.post({ key: "k1" });
  const reply = discord.say({ text: "and bd?", channel, replyTo: messageId });
  await inbound.received(2);
  discord.edit(reply, "and db?");
  discord.remove(reply);
  await eventually(() => inbound.revisions.length === 2, "the revisions");
  expect(inbound.revisions.map((each) => each.thread)).toEqual([thread, thread]);
});

test("its buttons, ✅ and 🛑 are about the session that they are beneath", async () => {
  await using opened = await inVoice();
  const { discord, inbound, channel, thread } = opened;
  const { messageId } = await opened.post({ key: "k1", ...card });
  const acted = discord.press({ message: messageId, label: "Approve once", user: "UBOB" });
  await eventually(() => acted.answered !== undefined, "the answer");
  const there = { channel, thread: channel, id: messageId };
  discord.react(there, "✅", "UBOB");
  discord.react(there, "🛑", "UANN");
  const [, ...deeds] = await inbound.received(4);
  expect(deeds.map((each) => each.thread)).toEqual([thread, thread, thread]);
  expect(deeds.map(({ decision, kind }) => decision?.choice ?? kind).toSorted()).toEqual([
    "once",
    "once",
    "stop",
  ]);
});

test.each(["announcement", "forum", "media"] as const)(
  "a thread in a channel of the kind %s is one",
  async (kind) => {
    const channels = [{ name: "There", kind }];
    await using opened = await started({ twin: { channels } });
    const { discord, inbound, adapter, refOf } = opened;
    const channel = discord.channels["There"] ?? "";
    const place =
      kind === "announcement"
        ? discord.say({ text: "please", mention: true, channel })
        : discord.sayInForum({ title: "Web", text: "please", mention: true, forum: channel });
    const [message] = await inbound.received(1);
    expect(message?.thread).toEqual(refOf(place));
    // Looked for before it is sent, as after a first try whose outcome is not known.
    expect(await adapter.findPost(refOf(place), "k1", plain)).toBeUndefined();
    await adapter.post(postInto(refOf(place), { key: "k1" }), plain);
    discord.say({ ...place, text: "more" });
    const [, more] = await inbound.received(2);
    expect(more?.thread).toEqual(refOf(place));
    expect(discord.thread(place).filter(({ isBot }) => isBot)).toHaveLength(1);
  },
);

test("a menu on the first message of a forum post asks in that post", async () => {
  await using opened = await started({ commands: "everywhere" });
  const { discord, inbound, adapter, refOf } = opened;
  await eventually(() => discord.commands().length === 2, "the commands");
  const place = discord.sayInForum({ title: "Web", text: "slow since noon" });
  const menu = discord.menu({ name: "Ask Opsthread", message: place.id });
  await eventually(() => menu.hasForm, "the form");
  discord.submit({ form: menu, text: "why?" });
  // What was said there is brought, too.
  await inbound.received(2);
  const asked = inbound.messages.find(({ kind }) => kind === "command");
  expect(asked?.thread).toEqual(refOf(place));
  await adapter.post(postInto(refOf(place), { key: "k1" }), plain);
  const bots = discord.thread(place).filter(({ isBot }) => isBot);
  expect(bots.map(({ text }) => text)).toEqual([expect.stringContaining("> why?"), "Done."]);
});

test("what was asked in a forum post while the bot was away is read there, and not in the forum", async () => {
  await using opened = await openDiscord({ commands: "nowhere" });
  const { discord, adapter, refOf } = opened;
  const place = discord.sayInForum({ title: "Web", text: "why?", mention: true });
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const [message] = await inbound.received(1);
  expect(message?.thread).toEqual(refOf(place));
  await discord.roundTrip();
  const read = discord.calls.filter((call) => /^GET \/channels\/\d+\/messages/.test(call));
  expect(read).toEqual([`GET /channels/${place.thread}/messages`]);
});
