import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { redisTurnstile } from "../../../src/redis/turnstile.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";
import { turnstileSuite } from "../../support/turnstile-suite.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

const open = (options: { readonly name?: string; readonly patienceMs?: number } = {}) =>
  redisTurnstile({ redis: redis.url, name: `test-${randomUUID()}`, ...options });
const limits = [{ name: "channel:c", most: 1 }];

describe("redisTurnstile()", () => {
  turnstileSuite({ test, open: async () => open() });
});

test("a place is free again when its process says nothing any more, and not while it does", async () => {
  await using turnstile = open();
  const ttlMs = 200;
  await turnstile.enter("a", { limits, since: 1, ttlMs });
  for (let kept = 0; kept < 4; kept += 1) {
    await delay(100);
    await turnstile.keep("a", { limits, ttlMs });
  }
  const ask = () => turnstile.enter("b", { limits, since: 2, ttlMs });
  expect(await ask()).toMatchObject({ admitted: false });
  await expect.poll(ask).toEqual({ admitted: true });
});

test("who asks no more stands in line no more, and no key is left", async () => {
  const name = `test-${randomUUID()}`;
  await using turnstile = open({ name, patienceMs: 100 });
  await turnstile.enter("a", { limits, since: 1, ttlMs: 300 });
  await turnstile.enter("gone", { limits, since: 2, ttlMs: 300 });
  const ask = () => turnstile.enter("b", { limits, since: 3, ttlMs: 300 });
  expect(await ask()).toMatchObject({ ahead: 1 });
  await expect.poll(ask).toMatchObject({ ahead: 0 });
  await expect.poll(ask).toEqual({ admitted: true });
  await turnstile.leave("b", limits);

  const client = new Redis(redis.url);
  await expect.poll(() => client.keys(`${name}:*`)).toEqual([]);
  client.disconnect();
});

test("an answer that does not come is an error that names Redis", async () => {
  await using turnstile = redisTurnstile({ redis: "redis://127.0.0.1:1", name: "test" });
  const asked = turnstile.enter("a", { limits, since: 1, ttlMs: 100 });
  await expect(asked).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});
