import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { discordAdapter } from "../../../src/adapters/discord/index.ts";
import type { ThreadRef } from "../../../src/core/ids.ts";
import type { Post } from "../../../src/core/post.ts";
import {
  artifactsOf,
  binary,
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import type { DiscordCall } from "../../../src/testing/discord-twin/faults.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openDiscord } from "./open-discord.ts";

const { signal } = new AbortController();
const plain = { signal, open: noArtifacts };
const sending = "POST /channels/{}/messages";

async function withThread(opening: Parameters<typeof openDiscord>[0] = {}, isOpen = true) {
  const opened = await openDiscord(opening);
  const { discord, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true, user: "UANN" });
  const thread = refOf(place);
  // Somebody has opened the thread.
  if (isOpen) discord.say({ ...place, text: "in the thread", user: "UANN" });
  const post = (given: Partial<Post> & { readonly key: string }, options = plain) =>
    adapter.post(postInto(thread, given), options);
  const bots = (where: ThreadRef = thread) => discord.thread(where).filter(({ isBot }) => isBot);
  return { ...opened, place, thread, post, bots };
}

/** Three messages. */
const long = Array.from({ length: 1800 }, (_, index) => `w${index}`).join(" ");
const wordsIn = (texts: readonly { readonly text: string }[]) =>
  texts.flatMap(({ text }) => text.match(/w\d+/g) ?? []);
const isPart =
  (part: number) =>
  ({ body }: DiscordCall): boolean =>
    JSON.stringify(body).includes(`w${part}`);

test("a code block of 3,994 letters comes whole, its fence closed wherever it is cut", async () => {
  await using opened = await withThread();
  const lines = Array.from(
    { length: 148 },
    (_, index) => `const line${100 + index} = "${"x".repeat(8)}";`,
  );
  const markdown = `\`\`\`js\n${lines.join("\n")}\n\`\`\``.slice(0, 3990) + "\n```";
  expect(markdown).toHaveLength(3994);
  await opened.post({ key: "k1", markdown });
  const texts = opened.bots().map(({ text }) => text);
  for (const text of texts) expect((text.match(/```/g)?.length ?? 0) % 2).toBe(0);
  const code = (text: string): string =>
    text.replaceAll(/^```(?:js)?$/gm, "").replaceAll(/\s/g, "");
  expect(code(texts.join("\n"))).toBe(code(markdown));
});

test("a 429 on one channel holds up no other; the channel is not asked again before its time", async () => {
  const clock = manualClock(Date.now());
  await using opened = await withThread({ clock });
  const { discord, adapter, refOf } = opened;
  const other = refOf(
    discord.say({ text: "x", channel: discord.channels["web"] ?? "", mention: true }),
  );
  discord.faults.call(sending, { type: "rate-limited", retryAfterS: 30 });
  const begun = Date.now();
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({
    code: "ADAPTER_RATE_LIMITED",
    data: { retryAfterMs: 30_000 },
  });
  await adapter.post(postInto(other, { key: "k2" }), plain);
  expect(opened.bots(other)).toHaveLength(1);
  expect(Date.now() - begun).toBeLessThan(5000);

  const asked = discord.calls.length;
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_RATE_LIMITED" });
  expect(discord.calls).toHaveLength(asked);
  await clock.advance(30_000);
  await opened.post({ key: "k1" });
  expect(opened.bots()).toHaveLength(1);
});

test("the sixth post in five seconds is not even made: Discord's own buckets are kept", async () => {
  await using opened = await withThread();
  for (let count = 0; count < 5; count += 1) await opened.post({ key: `k${count}` });
  const asked = opened.discord.calls.length;
  await expect(opened.post({ key: "k5" })).rejects.toMatchObject({ code: "ADAPTER_RATE_LIMITED" });
  expect(opened.discord.calls).toHaveLength(asked);
});

test("a global 429 holds up everything, for as long as Discord says", async () => {
  await using opened = await withThread();
  const { discord, adapter, refOf } = opened;
  const other = refOf(
    discord.say({ text: "x", channel: discord.channels["web"] ?? "", mention: true }),
  );
  discord.faults.call(sending, { type: "rate-limited", retryAfterS: 0.5, scope: "global" });
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_RATE_LIMITED" });
  const error: unknown = await adapter.post(postInto(other, { key: "k2" }), plain).catch((e) => e);
  expect(error).toMatchObject({ code: "ADAPTER_RATE_LIMITED" });
});

test("before Discord shuts it out for calls that it refuses, the adapter makes none", async () => {
  await using opened = await withThread({ maxInvalidRequests: 3 });
  const { discord } = opened;
  const refusal = {
    type: "error",
    status: 403,
    code: 50_013,
    message: "Missing Permissions",
  } as const;
  for (let count = 0; count < 3; count += 1) discord.faults.call(sending, refusal);
  for (let count = 0; count < 3; count += 1)
    await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_POST_FAILED" });
  const asked = discord.calls.length;
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_RATE_LIMITED" });
  expect(discord.calls).toHaveLength(asked);
});

test.each([
  { type: "status", status: 502, taken: true },
  { type: "status", status: 503, taken: false },
  { type: "drop", taken: true },
  { type: "drop", taken: false },
] as const)(
  "a post whose outcome is unknown is there once after it was sent again: %o",
  async (fault) => {
    await using opened = await withThread();
    const { discord, adapter, thread } = opened;
    discord.faults.call(sending, fault);
    await expect(opened.post({ key: "k1" })).rejects.toMatchObject({
      code: "ADAPTER_POST_UNKNOWN",
    });
    // The client itself sends nothing again.
    expect(discord.calls.filter((call) => call.endsWith(`${thread.thread}/messages`))).toHaveLength(
      1,
    );
    expect((await adapter.findPost(thread, "k1", { signal })) !== undefined).toBe(fault.taken);
    await opened.post({ key: "k1" });
    expect(opened.bots()).toHaveLength(1);
  },
);

test("minutes later the nonce is forgotten: the post is found before it is sent again", async () => {
  const clock = manualClock(Date.now());
  await using opened = await withThread({ twin: { clock } });
  const { discord, adapter, thread } = opened;
  discord.faults.call(sending, { type: "drop", taken: true });
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_POST_UNKNOWN" });
  await clock.advance(10 * 60_000);
  expect(await adapter.findPost(thread, "k1", { signal })).toEqual({
    messageId: opened.bots()[0]?.id,
  });
});

test("another process finds what was begun, and sends the rest", async () => {
  await using opened = await withThread();
  const { discord, thread } = opened;
  discord.faults.call(sending, { type: "drop", taken: true }, isPart(1000));
  await expect(opened.post({ key: "k1", markdown: long })).rejects.toMatchObject({
    code: "ADAPTER_POST_UNKNOWN",
  });
  const { botToken, apiUrl } = discord;
  await using next = discordAdapter({ botToken, apiUrl });
  expect(await next.findPost(thread, "k1", { signal })).toBeUndefined();
  await next.post(postInto(thread, { key: "k1", markdown: long }), plain);
  expect(wordsIn(opened.bots())).toEqual(long.split(" "));
  expect(await next.findPost(thread, "k1", { signal })).toEqual({
    messageId: opened.bots()[0]?.id,
  });
});

test("a key is found beyond the first page", async () => {
  await using opened = await withThread();
  const { messageId } = await opened.post({ key: "k1" });
  for (let count = 0; count < 130; count += 1)
    opened.discord.say({ ...opened.place, text: "talk" });
  expect(await opened.adapter.findPost(opened.thread, "k1", { signal })).toEqual({ messageId });
});

test("nobody is called, whatever is written", async () => {
  await using opened = await withThread();
  await opened.post({ key: "k1", markdown: "@everyone <@UBOB> <@&123> @here" });
  expect(opened.bots()[0]?.calls).toEqual([]);
});

test("the thread is opened by what goes into it, named after what was asked", async () => {
  await using opened = await withThread({}, false);
  const { discord, thread, place } = opened;
  expect(discord.threadOf(thread.thread)).toBeUndefined();
  await opened.post({ key: "k1" });
  expect(discord.threadOf(thread.thread)?.name).toBe("please");
  expect(place.thread).toBe(place.id);
  await opened.post({ key: "k2" });
  expect(discord.calls.filter((call) => call.endsWith("/threads"))).toHaveLength(1);
  expect(discord.calls.some((call) => call.startsWith("PATCH /channels"))).toBe(false);
});

test("a thread that somebody else opened at that moment is the one", async () => {
  await using opened = await withThread({}, false);
  const { discord, place } = opened;
  let open = (): void => {};
  const opening = new Promise<void>((resolve) => {
    open = resolve;
  });
  discord.faults.call("POST /channels/{}/messages/{}/threads", { type: "slow", until: opening });
  const posted = opened.post({ key: "k1" });
  await eventually(() => discord.calls.some((call) => call.endsWith("/threads")), "the opening");
  discord.say({ ...place, text: "mine", user: "UBOB" });
  open();
  await posted;
  expect(opened.bots()).toHaveLength(1);
  expect(discord.threadOf(place.thread)).toBeDefined();
});

test("a bot that may open no threads answers beneath the message, and finds that again", async () => {
  const permissions = [
    "VIEW_CHANNEL",
    "SEND_MESSAGES",
    "READ_MESSAGE_HISTORY",
    "USE_APPLICATION_COMMANDS",
  ] as const;
  await using opened = await withThread({ twin: { permissions } }, false);
  const { discord, adapter, thread } = opened;
  const { messageId } = await opened.post({ key: "k1" });
  expect(discord.threadOf(thread.thread)).toBeUndefined();
  expect(opened.bots()).toHaveLength(1);
  expect(await adapter.findPost(thread, "k1", { signal })).toEqual({ messageId });
});

test("an archived thread is revived by the post", async () => {
  await using opened = await withThread();
  const { discord, thread } = opened;
  discord.moderate(thread.thread, { archived: true });
  await opened.post({ key: "k1" });
  expect(discord.threadOf(thread.thread)?.archived).toBe(false);
  expect(opened.bots()).toHaveLength(1);
});

test("a locked thread: who asked is told where the bot may speak, once, and the post goes when it is open again", async () => {
  await using opened = await withThread();
  const { discord, adapter, thread, place } = opened;
  await adapter.start(recordingInbound());
  discord.say({ ...place, text: "more", user: "UANN" });
  await discord.roundTrip();
  discord.moderate(thread.thread, { locked: true });
  for (let count = 0; count < 2; count += 1)
    await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_POST_FAILED" });
  await eventually(() => discord.whispers("UANN").length === 1, "the notice");
  expect(discord.whispers("UANN")[0]).toMatch(/it is locked/);

  discord.moderate(thread.thread, { locked: false });
  await opened.post({ key: "k1" });
  expect(opened.bots()).toHaveLength(1);
});

test("files: eleven in two messages, pictures shown, empty ones named", async () => {
  await using opened = await withThread();
  const files = [
    ...Array.from({ length: 10 }, (_, index) => ({
      name: `f${index}.log`,
      bytes: binary(100 + index),
    })),
    { name: "chart.png", bytes: binary(500) },
    { name: "empty.txt", bytes: new Uint8Array() },
  ];
  const { artifacts, open } = artifactsOf(files);
  await opened.post({ key: "k1", artifacts }, { signal, open });
  const [answer, more] = opened.bots();
  expect(answer?.text).toContain("empty.txt is empty.");
  expect(answer?.files).toHaveLength(10);
  expect(more?.files.map(({ name }) => name)).toEqual(["chart.png"]);
  const sent = opened.bots().flatMap((message) => message.files.map(({ bytes }) => bytes));
  expect(sent).toEqual(files.slice(0, 11).map(({ bytes }) => Buffer.from(bytes)));
});

test("a file that is too large is compressed, or comes in parts", async () => {
  await using opened = await withThread();
  const text = Buffer.from("ERROR disk is full\n".repeat(600_000));
  const noise = randomBytes(11 * 1024 ** 2);
  const given = artifactsOf([
    { name: "app.log", bytes: text },
    { name: "core.bin", bytes: noise },
  ]);
  await opened.post({ key: "k1", artifacts: given.artifacts }, { signal, open: given.open });
  const seen = opened.bots().flatMap(({ files }) => files);
  expect(seen.map(({ name }) => name)).toEqual(["app.log.gz", "core.bin.001", "core.bin.002"]);
  expect(gunzipSync(seen[0]?.bytes ?? Buffer.alloc(0)).equals(text)).toBe(true);
  expect(Buffer.concat(seen.slice(1).map(({ bytes }) => bytes)).equals(noise)).toBe(true);
  expect(opened.bots()[0]?.text).toMatch(/in 2 parts, cat core\.bin\.\\\* > core\.bin/);
});

test("a boosted guild takes larger files as they are", async () => {
  await using opened = await withThread();
  opened.discord.boost(2);
  await opened.adapter.start(recordingInbound());
  const large = artifactsOf([{ name: "core.bin", bytes: randomBytes(11 * 1024 ** 2) }]);
  await opened.post({ key: "k1", artifacts: large.artifacts }, { signal, open: large.open });
  expect(opened.bots()[0]?.files.map(({ name }) => name)).toEqual(["core.bin"]);
});

test("files that Discord refuses don't keep the answer back", async () => {
  await using opened = await withThread();
  const { artifacts, open } = artifactsOf([{ name: "a.log", bytes: binary(100) }]);
  opened.discord.faults.call(sending, {
    type: "error",
    status: 413,
    code: 40_005,
    message: "Request entity too large",
  });
  await opened.post({ key: "k1", artifacts }, { signal, open });
  expect(opened.bots()[0]?.text).toMatch(/Done\.[\s\S]*did not take the files/);
});

test("a very long answer is its beginning and a file with all of it", async () => {
  await using opened = await withThread();
  const markdown = Array.from({ length: 20_000 }, (_, index) => `w${index}`).join(" ");
  await opened.post({ key: "k1", markdown });
  const [beginning, ...more] = opened.bots();
  expect(beginning?.text).toMatch(/^w0 w1 [\s\S]*All of it is in answer\.md/);
  expect(beginning?.files[0]?.bytes.toString()).toBe(markdown);
  expect(more).toEqual([]);
});

test("what a turn took stands below its answer in small print", async () => {
  await using opened = await withThread();
  const usage = { steps: 2, inputTokens: 10, outputTokens: 5, ms: 1000 };
  await opened.post({ key: "k1", usage });
  expect(opened.bots()[0]?.text).toBe("Done.\n-# 2 steps · 15 tokens · 1 s");
});

test.each([
  [403, 50_001, "ADAPTER_POST_FAILED"],
  [403, 50_013, "ADAPTER_POST_FAILED"],
  [401, 0, "ADAPTER_POST_FAILED"],
  [400, 160_005, "ADAPTER_POST_FAILED"],
  [400, 50_035, "ADAPTER_POST_REJECTED"],
])("%i with %i is %s", async (status, code, expected) => {
  await using opened = await withThread();
  opened.discord.faults.call(sending, { type: "error", status, code, message: "So it is" });
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: expected });
  await opened.post({ key: "k2" });
  expect(opened.bots()).toHaveLength(1);
});

test("a call that takes too long is of unknown outcome", async () => {
  await using opened = await withThread({ timeoutMs: 50 });
  const until = new Promise<void>(() => {});
  opened.discord.faults.call(sending, { type: "slow", until });
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_POST_UNKNOWN" });
});
