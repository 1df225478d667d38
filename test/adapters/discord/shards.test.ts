import { expect, test } from "vitest";

import { silentLogger } from "../../../src/core/logger.ts";
import { eventually, noArtifacts, postInto } from "../../../src/testing/adapter-suite-support.ts";
import { started } from "./started.ts";

/** Two guilds, each on a shard of its own. */
const twin = { guilds: ["Other"], shards: 2, sessionStarts: { maxConcurrency: 2 } } as const;

/** The `#ops` of the guild on each shard. */
function opsByShard(guilds: readonly { id: string; channels: Readonly<Record<string, string>> }[]) {
  const on = (shard: bigint): string =>
    guilds.find(({ id }) => (BigInt(id) >> 22n) % 2n === shard)?.channels["ops"] ?? "";
  return [on(0n), on(1n)] as const;
}

/** Notes what is told of connections. */
function connectionLog() {
  const lines: { shard: unknown; message: string }[] = [];
  const note = (facts: object, message: string): void =>
    void lines.push({ shard: Reflect.get(facts, "shard"), message });
  return { lines, log: { ...silentLogger, info: note, warn: note } };
}

test("there are as many shards as Discord recommends; each brings what is said in its guilds, the first one direct messages", async () => {
  await using opened = await started({ twin });
  const { discord, inbound } = opened;
  expect(discord.connections()).toBe(2);
  const [first, second] = opsByShard(discord.guilds);
  discord.say({ text: "on 0", channel: first, mention: true });
  discord.say({ text: "on 1", channel: second, mention: true });
  discord.sayDirectly({ text: "alone" });
  const messages = await inbound.received(3);
  await discord.roundTrip();

  const places = Object.fromEntries(messages.map(({ text, thread }) => [text, thread]));
  expect(messages).toHaveLength(3);
  expect(places["on 0"]?.channel).toBe(first);
  expect(places["on 1"]?.channel).toBe(second);
  expect(places["on 0"]?.workspace).not.toBe(places["on 1"]?.workspace);
  expect(places["alone"]?.workspace).toBe("@me");
});

test("answers go to the guilds of all shards", async () => {
  await using opened = await started({ twin });
  const { discord, inbound, adapter } = opened;
  for (const channel of opsByShard(discord.guilds))
    discord.say({ text: "please", channel, mention: true });
  const messages = await inbound.received(2);
  for (const [index, { thread }] of messages.entries())
    await adapter.post(postInto(thread, { key: `k${index}` }), {
      signal: new AbortController().signal,
      open: noArtifacts,
    });
  for (const { thread } of messages)
    expect(discord.thread(thread).filter(({ isBot }) => isBot)).toHaveLength(1);
});

test("a shard that resumes leaves the other one alone, and nothing is lost or told twice", async () => {
  const { lines, log } = connectionLog();
  await using opened = await started({ twin, log });
  const { discord, inbound } = opened;
  const [first, second] = opsByShard(discord.guilds);
  discord.gateway.cut(undefined, 1);
  await eventually(() => discord.connections() === 1, "the end of one connection");
  discord.say({ text: "into the gap", channel: second, mention: true });
  discord.say({ text: "beside it", channel: first, mention: true });
  await inbound.received(2);
  await eventually(
    () => lines.some(({ message }) => /goes on where it was/.test(message)),
    "the resumed connection",
  );
  await discord.roundTrip();

  expect(inbound.messages.map(({ text }) => text).toSorted()).toEqual([
    "beside it",
    "into the gap",
  ]);
  expect(discord.gateway.log.filter((each) => each === "identify")).toHaveLength(2);
  expect(discord.gateway.log.filter((each) => each === "resume")).toHaveLength(1);
  const touched = lines.filter(({ message }) => /connection to Discord/.test(message));
  expect(new Set(touched.map(({ shard }) => shard))).toEqual(new Set([1]));
});

test("shards sets how many there are", async () => {
  await using opened = await started({ twin: { ...twin, shards: 1 }, shards: 2 });
  expect(opened.discord.connections()).toBe(2);
});

test.each([0, -1, 1.5, Number.NaN])("%d shards are refused at once", async (shards) => {
  await expect(started({ shards })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/expected "auto" or a number from 1 on/),
  });
});

test("when no more sessions may be begun today, the start says until when, and none is tried", async () => {
  const resetAfterMs = 3_600_000;
  const opening = started({
    twin: { sessionStarts: { total: 1000, remaining: 0, resetAfterMs } },
  });
  const error: unknown = await opening.catch((failed: unknown) => failed);
  expect(error).toMatchObject({
    code: "ADAPTER_UNAVAILABLE",
    data: { retryAfterMs: resetAfterMs },
    message: expect.stringMatching(
      /0 of the 1000 sessions a day are left, expected 1.*again at \d{4}-\d\d-\d\dT[\d:.]+Z.*restarted/,
    ),
  });
});

test("few sessions that are left are told before it is too late", async () => {
  const { lines, log } = connectionLog();
  await using opened = await started({
    twin: { sessionStarts: { total: 1000, remaining: 50, resetAfterMs: 1000 } },
    log,
  });
  expect(lines.map(({ message }) => message)).toContain(
    "Few sessions may still be begun at Discord today",
  );
  expect(opened.discord.gateway.starts.remaining).toBe(49);
});
