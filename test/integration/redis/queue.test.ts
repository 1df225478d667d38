import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";

import { afterAll, beforeAll, describe, test } from "vitest";

import { bullmqQueue } from "../../../src/queue/bullmq/index.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { queueSuite } from "../../../src/testing/queue-suite.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

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
