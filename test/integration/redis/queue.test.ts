import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { silentLogger } from "../../../src/core/logger.ts";
import { bullmqQueue } from "../../../src/queue/bullmq/index.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { queueSuite } from "../../../src/testing/queue-suite.ts";
import { startRedis, testRedis, type TestRedis } from "../../support/redis-server.ts";

let redis: TestRedis;

beforeAll(async () => {
  redis = await testRedis();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

describe("bullmqQueue()", () => {
  queueSuite({
    test,
    async open({ concurrency, sessions }) {
      const clock = manualClock();
      const sweep = { everyMs: 10_000, sessions };
      const name = `test-${randomUUID()}`;
      const queue = bullmqQueue({ redis: redis.url, name, concurrency, sweep, clock });
      return {
        queue,
        // Grace and sweeps go by the clock, delayed wakes by Redis.
        async advance(ms) {
          await clock.advance(ms);
          await setTimeout(ms);
        },
        sweep: async () => await clock.advance(10_000),
        [Symbol.asyncDispose]: async () => await queue[Symbol.asyncDispose](),
      };
    },
  });
});

describe("bullmqQueue() without Redis", () => {
  test("ends all the same, and what runs with it", async () => {
    await using own = await startRedis();
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) };
    const queue = bullmqQueue({ redis: own.url, log });
    const started = new Promise<AbortSignal>((resolve) => {
      queue.start(async (_sessionId, { signal: ending }) => {
        resolve(ending);
        await new Promise((ended) => ending.addEventListener("abort", ended));
      });
    });
    queue.wake("s");
    const signal = await started;
    await own.process.kill();

    await queue.drain({ graceMs: 0 });

    expect(signal.aborted).toBe(true);
    expect(warnings).toContain("The connection to Redis failed");
  });
});
