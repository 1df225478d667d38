import { describe, expect, test } from "vitest";

import { type Logger, silentLogger } from "../../src/core/logger.ts";
import { localQueue } from "../../src/queue/local.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { queueSuite } from "../../src/testing/queue-suite.ts";

describe("localQueue()", () => {
  queueSuite({
    test,
    async open({ concurrency, sessions }) {
      const clock = manualClock();
      const queue = localQueue({ concurrency, sweep: { everyMs: 1000, sessions }, clock });
      return {
        queue,
        advance: async (ms) => await clock.advance(ms),
        sweep: async () => await clock.advance(1000),
        [Symbol.asyncDispose]: async () => await queue[Symbol.asyncDispose](),
      };
    },
  });
});

/** A logger that keeps what it is told as errors. */
function errorLog(): Logger & { readonly errors: unknown[] } {
  const errors: unknown[] = [];
  return { ...silentLogger, errors, error: (data, message) => errors.push([message, data]) };
}

describe("localQueue() in its process", () => {
  test("merges the wakes of a session that waits", async () => {
    await using queue = localQueue();
    const handled: string[] = [];
    for (let count = 0; count < 3; count += 1) queue.wake("s");
    queue.start(async (sessionId) => {
      handled.push(sessionId);
    });

    await queue.idle();

    expect(handled).toEqual(["s"]);
  });

  test("idle() right after start() has handled what the first sweep found", async () => {
    await using queue = localQueue({ sweep: { everyMs: 1000, sessions: async () => ["a", "b"] } });
    const handled: string[] = [];
    queue.start(async (sessionId) => {
      handled.push(sessionId);
    });

    await queue.idle();

    expect(handled).toEqual(["a", "b"]);
  });

  test("sweeps at the times of a cron pattern", async () => {
    const clock = manualClock(Date.parse("2001-02-03T04:05:06.700Z"));
    const sweeps: string[] = [];
    const sessions = async (): Promise<readonly string[]> => {
      sweeps.push(new Date(clock.now()).toISOString().slice(17));
      return [];
    };
    await using queue = localQueue({ clock, sweep: { cron: "*/10 * * * * *", sessions } });
    queue.start(async () => {});

    await clock.advance(20_000);

    expect(sweeps).toEqual(["06.700Z", "10.000Z", "20.000Z"]);
  });

  test("goes on after a sweep that failed", async () => {
    const clock = manualClock();
    const log = errorLog();
    const answers = [Promise.reject(new Error("no disk")), Promise.resolve(["s"])];
    const sweep = { everyMs: 1000, sessions: async () => (await answers.shift()) ?? [] };
    await using queue = localQueue({ clock, log, sweep });
    const handled: string[] = [];
    queue.start(async (sessionId) => {
      handled.push(sessionId);
    });

    await clock.advance(1000);
    await queue.idle();

    expect(log.errors).toEqual([["Sweep failed", { err: new Error("no disk") }]]);
    expect(handled).toEqual(["s"]);
  });

  test("logs a handler that throws, but not one that was stopped", async () => {
    const log = errorLog();
    const queue = localQueue({ log });
    queue.start(async (sessionId, { signal }) => {
      if (sessionId === "bad") throw new Error("boom");
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
    queue.wake("bad");
    queue.wake("long");

    await queue[Symbol.asyncDispose]();

    expect(log.errors).toEqual([["Session failed", { sessionId: "bad", err: new Error("boom") }]]);
  });

  test("keeps a delay that is longer than a timer can be", async () => {
    const clock = manualClock();
    await using queue = localQueue({ clock });
    const handled: string[] = [];
    queue.start(async (sessionId) => {
      handled.push(sessionId);
    });
    const month = 31 * 24 * 60 * 60 * 1000;
    queue.wake("s", { delayMs: month });

    await clock.advance(month - 1);
    expect(handled).toEqual([]);
    await clock.advance(1);
    await queue.idle();
    expect(handled).toEqual(["s"]);
  });

  test("idle() ends when the queue is drained before it started", async () => {
    const queue = localQueue();
    queue.wake("s");
    const idle = queue.idle();

    await queue.drain({ graceMs: 0 });

    await expect(idle).resolves.toBeUndefined();
  });

  test("refuses settings that make no sense", () => {
    const sessions = async (): Promise<readonly string[]> => [];
    expect(() => localQueue({ concurrency: 0 })).toThrow(TypeError);
    expect(() => localQueue({ sweep: { everyMs: 0, sessions } })).toThrow(RangeError);
    expect(() => localQueue({ sweep: { everyMs: Number.NaN, sessions } })).toThrow(RangeError);
    expect(() => localQueue({ sweep: { cron: "now and then", sessions } })).toThrow(TypeError);
  });

  test("is started once", async () => {
    await using queue = localQueue();
    queue.start(async () => {});

    expect(() => queue.start(async () => {})).toThrow("started already");
  });
});
