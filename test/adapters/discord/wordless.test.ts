import { expect, test } from "vitest";

import { postedMessage } from "../../../src/adapters/discord/messages.ts";
import { bytesOf } from "../../../src/testing/adapter-suite-support.ts";
import { started } from "./started.ts";

const { signal } = new AbortController();

test("what is forwarded to a thread is read with its files, as somebody else's words", async () => {
  await using opened = await started();
  const { discord, inbound, adapter } = opened;
  const files = [{ name: "alert.log", bytes: Buffer.from("disk full") }];
  const alert = discord.say({
    text: "web is down\nsince noon",
    channel: discord.channels["web"] ?? "",
    files,
  });
  const place = discord.say({ text: "look", mention: true });
  discord.say({ ...place, text: "", forwards: alert });
  const [, forwarded] = await inbound.received(2);
  expect(forwarded).toMatchObject({
    kind: "thread",
    text: "Forwarded:\n> web is down\n> since noon",
    attachments: [{ name: "alert.log" }],
  });
  const [file] = forwarded?.attachments ?? [];
  if (!forwarded || !file) throw new Error("No file came");
  const bytes = await bytesOf(adapter.download(forwarded.thread, file, { signal }));
  expect(bytes.toString()).toBe("disk full");
});

test("polls and stickers have words; to the bot alone, too", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  discord.sayDirectly({ text: "", stickers: ["wave"] });
  discord.sayDirectly({ text: "", poll: { question: "Which one?", answers: ["web", "db"] } });
  await inbound.received(2);
  expect(inbound.messages.map(({ text }) => text)).toEqual([
    "(sticker: wave)",
    "Poll: Which one?\n- web\n- db",
  ]);
});

test("who names the bot's role has named the bot", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  discord.say({ text: `<@&${discord.botRoleId}> what broke?` });
  discord.say({ text: "<@&900000000000000001> what broke?" });
  discord.say({ text: "and I?", mention: true });
  await inbound.received(2);
  expect(inbound.messages.map(({ kind, text }) => [kind, text])).toEqual([
    ["mention", "what broke?"],
    ["mention", "and I?"],
  ]);
});

test("without the intent for its words, who names the bot's role is told to name the bot", async () => {
  await using opened = await started({ twin: { intents: [] } });
  const { discord, inbound } = opened;
  discord.say({ text: `<@&${discord.botRoleId}> what broke?`, user: "UANN" });
  discord.say({ text: "first", mention: true });
  await inbound.received(1);
  await expect.poll(() => discord.whispers("UANN")).toHaveLength(1);
  expect(discord.whispers("UANN")[0]).toMatch(/name me, or reply to me/);
  expect(inbound.messages.map(({ text }) => text)).toEqual(["first"]);
});

/** As Discord sends them; of no other kind is anything known here. */
const plain = {
  id: "1300000000000000001",
  type: 0,
  channel_id: "1300000000000000000",
  guild_id: "1299999999999999999",
  author: { id: "3", username: "ann", global_name: null, discriminator: "0" },
  content: "<@1> x",
  mentions: [{ id: "1" }],
};
const read = (given: object) =>
  postedMessage({ ...plain, ...given }, { userId: "1", roleIn: () => "7" });

test.each([
  ["a webhook", { webhook_id: "5", author: { id: "5", username: "CI" } }],
  ["another bot", { author: { id: "5", username: "b", bot: true } }],
  ["Discord itself", { author: { id: "5", username: "Discord", system: true } }],
  ["who joined", { type: 7 }],
  ["a pin", { type: 6 }],
  ["a thread that was opened", { type: 18 }],
  ["the start of a thread, again", { type: 21 }],
  ["AutoMod", { type: 24 }],
  ["the result of a poll", { type: 46 }],
])("%s is not for it", (_, given) => {
  expect(read(given)).toBeUndefined();
});

test.each([
  [
    "fields that are null",
    { member: null, webhook_id: null, poll: null, referenced_message: null },
  ],
  ["what nobody has heard of", { sticker_items: "x", message_snapshots: [7], poll: {}, shout: 1 }],
  ["words of 4,000 letters", { content: "<@1> " + "x".repeat(3995) }],
])("%s don't keep a message back", (_, given) => {
  expect(read(given)?.isMention).toBe(true);
});

test("a file without a type or a name has what it needs", () => {
  const attachments = [{ id: "8", filename: "", size: 3, url: "https://cdn.discordapp.com/x" }];
  expect(read({ attachments })?.message.attachments).toEqual([
    { id: `${plain.channel_id}/${plain.id}/8`, name: "8", bytes: 3 },
  ]);
});
