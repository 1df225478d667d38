import { randomUUID } from "node:crypto";

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { silentLogger } from "../../../src/core/logger.ts";
import { redisStore } from "../../../src/store/redis/index.ts";
import { sampleMessage, sampleThread } from "../../../src/testing/samples.ts";
import { storeSuite } from "../../../src/testing/store-suite.ts";
import { startRedisCluster } from "../../support/redis-cluster.ts";
import { startRedis, testRedis, type TestRedis } from "../../support/redis-server.ts";
import { openStore } from "./open-store.ts";

let redis: TestRedis;

beforeAll(async () => {
  redis = await testRedis();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

describe("redisStore()", () => {
  storeSuite({ test, open: (clock) => openStore(redis.url, clock) });
});

describe("redisStore() in a Redis Cluster", () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  storeSuite({ test, open: (clock) => openStore({ cluster: cluster.urls }, clock) });
});

describe("redisStore() and its server", () => {
  test.each([
    [["--maxmemory-policy", "allkeys-lru"], 'set "maxmemory-policy noeviction" in redis.conf'],
    [["--appendonly", "no"], 'set "appendonly yes" in redis.conf'],
    [["--cluster-enabled", "yes"], "it is a node of a Cluster"],
    [["--replicaof", "127.0.0.1 1"], "it is a replica, which takes no writes"],
  ])("refuses one with %s, and says what to set", async (settings, advice) => {
    await using server = await startRedis(settings);

    const opened = redisStore({ redis: server.url });

    await expect(opened).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(advice),
    });
  });

  test("takes one that keeps nothing on the disk when it is told to, and warns", async () => {
    await using server = await startRedis(["--appendonly", "no"]);
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) };

    await using store = await redisStore({ redis: server.url, allowVolatile: true, log });

    expect(await store.dirtySessions()).toEqual([]);
    expect(warnings).toEqual(["Redis loses what it holds when it is restarted"]);
  });

  test("knows what was written after a crash of Redis, and goes on by itself", async () => {
    await using server = await startRedis(["--appendfsync", "always"]);
    await using store = await redisStore({ redis: server.url });
    const { sessionId } = await store.accept(sampleMessage("M1", sampleThread("T1")), {
      opens: true,
    });
    await server.process.kill();
    const waiting = store.readInbox(sessionId, { after: 0 });
    await server.process.restart();

    expect((await waiting).map(({ message }) => message.id)).toEqual(["M1"]);
  });

  test("says what keeps it from connecting", async () => {
    await expect(redisStore({ redis: "redis://127.0.0.1:1" })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("refuses a database that is not there, where the client would use another one", async () => {
    await using server = await startRedis();

    await expect(redisStore({ redis: `${server.url}/99` })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("it has no such database"),
    });
  });

  test("waits for sentinels as long as for an operation, not for ever", async () => {
    const nobody = { sentinels: ["redis://127.0.0.1:1"], master: "main" };

    await expect(redisStore({ redis: nobody, timeoutMs: 200 })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("none of the sentinels answers"),
    });
  });

  test("an operation fails with a clear error when Redis stays away", async () => {
    await using server = await startRedis();
    await using store = await redisStore({ redis: server.url, timeoutMs: 200 });
    await server.process.kill();

    await expect(store.dirtySessions()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining(`Cannot use Redis at ${new URL(server.url).host}`),
    });
  });

  test("no password is in errors or the log", async () => {
    await using server = await startRedis(["--requirepass", "topsecret-1"]);
    const said: unknown[] = [];
    const keep = (data: object, message: string): void => void said.push([data, message]);
    const log = { debug: keep, info: keep, warn: keep, error: keep, child: () => silentLogger };
    const { port } = new URL(server.url);
    const url = (password: string): string => `redis://:${password}@127.0.0.1:${port}`;

    await using store = await redisStore({ redis: url("topsecret-1"), log });
    const refused = await redisStore({ redis: url("topsecret-2"), log, timeoutMs: 500 }).catch(
      (error: unknown) => error,
    );

    expect(await store.dirtySessions()).toEqual([]);
    expect(refused).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(String(refused)).not.toContain("topsecret");
    expect(JSON.stringify(said)).not.toContain("topsecret");
    await expect(redisStore({ redis: "http://:topsecret-3@localhost" })).rejects.toThrow(
      /^(?!.*topsecret)Cannot use the URL of Redis/,
    );
  });
});

describe("redisStore() and what it keeps", () => {
  test("installations in one Redis know nothing of each other", async () => {
    const message = sampleMessage("M1", sampleThread("T1"));
    const [one, two] = await Promise.all(
      [1, 2].map(() => redisStore({ redis: redis.url, name: `test-${randomUUID()}` })),
    );
    await using first = one;
    await using second = two;
    await first?.accept(message, { opens: true });

    expect(await second?.accept(message, { opens: true })).toMatchObject({ status: "accepted" });
  });

  test("a removed session leaves nothing that does not expire", async () => {
    const name = `test-${randomUUID()}`;
    await using store = await redisStore({ redis: redis.url, name });
    const thread = sampleThread("T1");
    const { sessionId } = await store.accept(sampleMessage("M1", thread), { opens: true });
    const lease = await store.lease(sessionId, { holder: "a", ttlMs: 1000 });
    if (!lease) throw new TypeError("No lease");
    await store.append(lease, { after: 0, entries: [], inboxThrough: 1 });
    expect(await store.release(lease, { done: true })).toBe("released");

    expect(await store.prune({ idleBefore: Date.now() + 60_000 })).toEqual([sessionId]);

    const client = new Redis(redis.url);
    const keys = await client.keys(`${name}:*`);
    const lasting = await Promise.all(keys.map(async (key) => [key, await client.ttl(key)]));
    client.disconnect();
    expect(lasting.filter(([, ttl]) => ttl === -1)).toEqual([
      [`${name}:{${name}:shared}:marks`, -1],
    ]);
  });
});
