import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { bullmqQueue } from "../../../src/queue/bullmq/index.ts";
import type { RedisConfig } from "../../../src/redis/config.ts";
import { redisControl } from "../../../src/redis/control.ts";
import { redisStore } from "../../../src/store/redis/index.ts";
import { sampleMessage, sampleThread } from "../../../src/testing/samples.ts";
import { startRedisCluster } from "../../support/redis-cluster.ts";
import { startSentinel } from "../../support/redis-sentinel.ts";
import { startRedis } from "../../support/redis-server.ts";

/** A message that one process accepts is woken for in another, which is told of the next one. */
async function passOn(redis: RedisConfig): Promise<readonly string[]> {
  await using gateway = await redisStore({ redis });
  await using worker = await redisStore({ redis });
  await using waking = bullmqQueue({ redis });
  await using working = bullmqQueue({ redis });
  await using notifying = redisControl({ redis });
  await using watching = redisControl({ redis });
  const told: string[] = [];
  const woken = new Promise<string>((resolve) => {
    working.start(async (sessionId) => resolve(sessionId));
  });
  const message = sampleMessage("M1", sampleThread("T1"));
  const { sessionId } = await gateway.accept(message, { opens: true });
  waking.wake(sessionId);
  told.push(await woken);
  const [item] = await worker.readInbox(sessionId, { after: 0 });
  told.push(item?.message.id ?? "nothing");
  // A subscription tells that it is there by looking once.
  const noticed = new Promise<void>((resolve) => watching.watch(sessionId, resolve));
  notifying.notify(sessionId);
  await noticed;
  return told;
}

describe("store, queue and notices", () => {
  test("work on a master that sentinels know", async () => {
    await using server = await startRedis();
    await using sentinel = await startSentinel(server.url);

    expect(await passOn({ sentinels: [sentinel.url], master: "main" })).toEqual([
      expect.stringMatching(/^s_/),
      "M1",
    ]);
  });

  test("work on a server with a user and a password", async () => {
    const user = ["--user", "bot", "on", ">topsecret", "~*", "&*", "+@all"];
    await using server = await startRedis([...user, "--requirepass", "another"]);
    const { host } = new URL(server.url);

    expect(await passOn(`redis://bot:topsecret@${host}`)).toEqual([
      expect.stringMatching(/^s_/),
      "M1",
    ]);
  });
});

describe("store, queue and notices in a Cluster", () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  test("work together", async () => {
    expect(await passOn({ cluster: cluster.urls })).toEqual([expect.stringMatching(/^s_/), "M1"]);
  });
});
