import { randomUUID } from "node:crypto";

import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { sessionIdOf } from "../../../src/core/ids.ts";
import type { Context } from "../../../src/store/redis/context.ts";
import { type Dirty, dirtyList } from "../../../src/store/redis/dirty.ts";
import { redisStore } from "../../../src/store/redis/index.ts";
import { keysOf } from "../../../src/store/redis/keys.ts";
import { defineScripts } from "../../../src/store/redis/scripts.ts";
import type { Lease, Store } from "../../../src/store/store.ts";
import {
  sampleMessage,
  sampleNote,
  samplePost,
  sampleThread,
} from "../../../src/testing/samples.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

/** What a process that is killed between two writes leaves, and what becomes of it. */

const thread = sampleThread("T1");
const sessionId = sessionIdOf(thread);
const account = { name: "bot", day: "2026-11-26" };
const spent = { steps: 1, tokens: 10, usd: 0.5, ms: 100 };

let redis: TestRedis;
let client: Redis;
let store: Store;
let context: Context;
let dirty: Dirty;

beforeAll(async () => {
  redis = await testRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});
beforeEach(async () => {
  const name = `test-${randomUUID()}`;
  client = new Redis(redis.url);
  store = await redisStore({ redis: redis.url, name });
  context = { client, run: defineScripts(client), keys: keysOf(name), time: () => "" };
  dirty = dirtyList(context);
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  client.disconnect();
});

async function lease(holder: string): Promise<Lease> {
  const taken = await store.lease(sessionId, { holder, ttlMs: 60_000 });
  if (!taken) throw new TypeError("No lease");
  return taken;
}

/** Accepts what the mark was taken for, as a process does that was slow. */
async function acceptWith(mark: number): Promise<string> {
  const { info, inbox, ids, fence } = context.keys.session(sessionId);
  const message = sampleMessage("slow", thread);
  return await context.run("accept", z.string(), {
    keys: [info, inbox, ids, fence],
    args: ["", "slow", JSON.stringify(message), JSON.stringify(thread), mark, 1],
  });
}

test("a message that was only noted is put into its inbox by whoever repeats it", async () => {
  const message = sampleMessage("M1", thread);
  const key = context.keys.accepted({ platform: "sample", workspace: "W1", id: "M1" });
  await client.set(key, JSON.stringify({ message, opens: true }));

  const repeated = await store.accept(message, { opens: true });

  expect(repeated).toEqual({ status: "accepted", sessionId });
  expect(await store.dirtySessions()).toEqual([sessionId]);
});

test("a message that was only noted stays in the thread that it was noted for", async () => {
  const message = sampleMessage("M1", thread);
  const key = context.keys.accepted({ platform: "sample", workspace: "W1", id: "M1" });
  await client.set(key, JSON.stringify({ message, opens: true }));

  const elsewhere = await store.accept(sampleMessage("M1", sampleThread("T2")), { opens: true });

  expect(elsewhere).toEqual({ status: "duplicate", sessionId });
  expect(await store.readInbox(sessionId, { after: 0 })).toEqual([{ seq: 1, message }]);
});

test("a session that was listed and never written is no work, and leaves the list", async () => {
  await dirty.mark(sessionId);

  expect(await store.dirtySessions()).toEqual([]);
  expect(await dirty.list()).toEqual([]);
});

test("a slow process can't make a session dirty that left the list meanwhile", async () => {
  const mark = await dirty.mark(sessionId);
  await store.dirtySessions();

  expect(await acceptWith(mark)).toBe("stale");
  expect(await acceptWith(await dirty.mark(sessionId))).toBe("accepted");
  expect(await store.dirtySessions()).toEqual([sessionId]);
});

test("a slow process can't make a session dirty that was released meanwhile", async () => {
  const mark = await dirty.mark(sessionId);
  await store.accept(sampleMessage("M1", thread), { opens: true });
  const held = await lease("a");
  await store.append(held, { after: 0, entries: [], inboxThrough: 1 });
  await store.release(held, { done: true });
  expect(await dirty.list()).toEqual([]);

  expect(await acceptWith(mark)).toBe("stale");
});

test("a session that is released stays listed for a message that is on its way", async () => {
  await store.accept(sampleMessage("M1", thread), { opens: true });
  const held = await lease("a");
  await store.append(held, { after: 0, entries: [], inboxThrough: 1 });
  const mark = await dirty.mark(sessionId);
  await store.release(held, { done: true });

  expect(await acceptWith(mark)).toBe("accepted");
  expect(await store.dirtySessions()).toEqual([sessionId]);
});

test("what an append brought for all sessions is applied by the next lease, once", async () => {
  await store.accept(sampleMessage("M1", thread), { opens: true });
  const first = await lease("a");
  const spends = [{ ...account, spent }];
  await store.append(first, { after: 0, entries: [sampleNote("one")], spends });
  const { effects } = context.keys.session(sessionId);
  const { epoch } = first;
  const left = { spends, remember: [], forget: [] };
  // Applied but not crossed out, and written but not applied.
  await client.rpush(effects, JSON.stringify({ epoch, seq: 1, ...left }));
  await client.rpush(effects, JSON.stringify({ epoch, seq: 2, ...left }));

  const second = await lease("a");

  const twice = [{ steps: 2, tokens: 20, usd: 1, ms: 200 }];
  expect(await store.spent([account])).toEqual(twice);
  await store.append(second, { after: 1, entries: [], inboxThrough: 1 });
  expect(await client.llen(effects)).toBe(0);
  expect(await store.release(second, { done: true })).toBe("released");
  expect(await store.spent([account])).toEqual(twice);
});

test("what an append brought and could not apply is applied before the session is clean", async () => {
  await store.accept(sampleMessage("M1", thread), { opens: true });
  const held = await lease("a");
  const { applied } = context.keys.shared;
  const append = { inboxThrough: 1, spends: [{ ...account, spent }] };
  await client.set(applied, "in the way");
  for (const after of [0, 1])
    await expect(
      store.append(held, { after, entries: [sampleNote("one")], ...append }),
    ).rejects.toThrow("WRONGTYPE");
  expect(await client.llen(context.keys.session(sessionId).effects)).toBe(2);
  await client.del(applied);

  expect(await store.release(held, { done: true })).toBe("released");

  expect(await store.spent([account])).toEqual([{ steps: 2, tokens: 20, usd: 1, ms: 200 }]);
});

test("a post that nobody listed is listed by the next lease", async () => {
  await store.accept(sampleMessage("M1", thread), { opens: true });
  const entries = [sampleNote("one")];
  await store.append(await lease("a"), { after: 0, entries, posts: [samplePost("P1", thread)] });
  await client.del(context.keys.shared.due, context.keys.shared.dueVersions);
  expect(await store.claimPost({ holder: "a", ttlMs: 1000 })).toBeUndefined();

  await lease("a");

  expect((await store.claimPost({ holder: "a", ttlMs: 1000 }))?.post.key).toBe("P1");
});
