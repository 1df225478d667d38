import { randomUUID } from "node:crypto";

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Stopped } from "../../../src/core/abort.ts";
import { bullmqQueue, type BullmqQueueOptions } from "../../../src/queue/bullmq/index.ts";
import type { Queue } from "../../../src/queue/queue.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

const newName = (): string => `test-${randomUUID()}`;
const openQueue = (name: string, more: Partial<BullmqQueueOptions> = {}): Queue =>
  bullmqQueue({ redis: redis.url, name, ...more });

interface Run {
  readonly sessionId: string;
  readonly signal: AbortSignal;
  readonly end: () => void;
}

/** Starts a queue; resolves with its first run, which ends when the test or its signal says so. */
function firstRun(queue: Queue): Promise<Run> {
  return new Promise((begun) => {
    queue.start(
      (sessionId, { signal }) =>
        new Promise((end) => {
          signal.addEventListener("abort", () => end());
          begun({ sessionId, signal, end });
        }),
    );
  });
}

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));

describe("bullmqQueue() in several processes", () => {
  test("one that only wakes is heard by one that is started", async () => {
    const name = newName();
    await using gateway = openQueue(name);
    await using worker = openQueue(name);
    const run = firstRun(worker);
    gateway.wake("s");

    expect((await run).sessionId).toBe("s");
    (await run).end();
  });

  test("what one has not finished at its end another takes at once", async () => {
    const name = newName();
    await using one = openQueue(name);
    const first = firstRun(one);
    one.wake("s");
    await first;
    await using other = openQueue(name);
    const second = firstRun(other);
    const endedAt = Date.now();
    await one.drain({ graceMs: 0 });

    expect((await second).sessionId).toBe("s");
    expect(Date.now() - endedAt).toBeLessThan(1000);
    (await second).end();
  });

  test("who lost its lock is told, and stops", async () => {
    const name = newName();
    await using queue = openQueue(name, { lockMs: 300 });
    const run = firstRun(queue);
    queue.wake("s");
    const { signal } = await run;
    const reason = aborted(signal);
    const client = new Redis(redis.url);
    const [lock = ""] = await client.keys(`{${name}:queue}:wakes:*:lock`);
    await client.set(lock, "another worker's");
    client.disconnect();

    expect(await reason).toMatchObject({ by: "lease-lost" } satisfies Partial<Stopped>);
  });

  test("one of them sweeps for all, and the next one when it is gone", async () => {
    const name = newName();
    const clocks = [manualClock(), manualClock()] as const;
    const sweeps = [0, 0];
    const open = (index: 0 | 1): Queue =>
      openQueue(name, {
        clock: clocks[index],
        sweep: {
          everyMs: 500,
          async sessions() {
            sweeps[index] = (sweeps[index] ?? 0) + 1;
            return [];
          },
        },
      });
    const one = open(0);
    await using other = open(1);
    one.start(async () => {});
    await one.idle();
    other.start(async () => {});
    await other.idle();
    expect(sweeps).toEqual([1, 0]);

    await one[Symbol.asyncDispose]();
    while (sweeps[1] === 0) {
      await clocks[1].advance(500);
      await other.idle();
    }
    expect(sweeps[0]).toBe(1);
  });
});
