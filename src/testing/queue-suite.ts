import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";

import { Stopped } from "../core/abort.ts";
import type { Queue } from "../queue/queue.ts";
import { defineSuite, type SuiteOptions } from "./suite.ts";

/** A queue that a test has for itself. */
export interface QueueUnderTest extends AsyncDisposable {
  readonly queue: Queue;
  /** Lets `ms` milliseconds pass, and what is due then begin. */
  readonly advance: (ms: number) => Promise<void>;
  /** Lets the next sweep come. */
  readonly sweep: () => Promise<void>;
}

export interface QueueSettings {
  readonly concurrency: number;
  /** What sweeps find to wake. */
  readonly sessions: () => Promise<readonly string[]>;
}

/**
 * What every driver of the {@link Queue} port must do.
 *
 * @example
 * queueSuite({ test, open: async (settings) => openMyQueue(settings) });
 */
export function queueSuite(
  options: SuiteOptions & { readonly open: (settings: QueueSettings) => Promise<QueueUnderTest> },
): void {
  const open = async (): Promise<QueueSubject> => {
    const dirty = new Set<string>();
    const subject = await options.open({ concurrency: 2, sessions: async () => [...dirty] });
    return {
      ...subject,
      dirty,
      [Symbol.asyncDispose]: async () => await subject[Symbol.asyncDispose](),
    };
  };
  defineSuite(cases, { ...options, open });
}

interface QueueSubject extends QueueUnderTest {
  readonly dirty: Set<string>;
}

const cases: Readonly<Record<string, (subject: QueueSubject) => Promise<void>>> = {
  "start() handles what was woken before, and what is woken after": async ({ queue }) => {
    const { handler, runs } = stage({ ending: true });
    queue.wake("before");
    queue.start(handler);
    queue.wake("after");
    await queue.idle();

    assert.deepEqual(runs.map(({ sessionId }) => sessionId).toSorted(), ["after", "before"]);
  },

  "take() handles a session here and now, once at a time, and no more than may run side by side":
    async ({ queue }) => {
      // There is nothing to ask of a queue of one process.
      if (!queue.take) return;
      const { handler, runs, next } = stage();
      assert.equal(queue.take("early"), false);
      queue.start(handler);
      assert.equal(queue.take("a"), true);
      const first = await next();
      assert.equal(first.sessionId, "a");
      assert.equal(queue.take("a"), false);
      // Woken meanwhile: once more after it.
      queue.wake("a");
      assert.equal(queue.take("b"), true);
      const second = await next();
      assert.equal(queue.take("c"), false);
      second.end();
      first.end();
      const again = await next();
      assert.equal(again.sessionId, "a");
      again.end();
      await queue.idle();
      assert.equal(runs.length, 3);
    },

  "start() sweeps at once": async ({ queue, dirty }) => {
    const { handler, next } = stage({ ending: true });
    dirty.add("left over");
    queue.start(handler);

    assert.equal((await next()).sessionId, "left over");
  },

  "a session runs once at a time, and once more for wakes meanwhile": async ({ queue }) => {
    const { handler, next, runs } = stage();
    queue.start(handler);
    queue.wake("s");
    const first = await next();
    for (const sessionId of ["s", "s", "s", "other"]) queue.wake(sessionId);
    const other = await next();

    assert.equal(other.sessionId, "other");
    assert.equal(runs.length, 2);
    first.end();
    const again = await next();
    assert.equal(again.sessionId, "s");
    other.end();
    again.end();
    await queue.idle();
  },

  "sessions run side by side, up to the concurrency": async ({ queue }) => {
    const { handler, next, runs } = stage();
    queue.start(handler);
    for (const sessionId of ["a", "b", "c"]) queue.wake(sessionId);
    const [first, second] = [await next(), await next()];

    assert.equal(runs.length, 2);
    first.end();
    const third = await next();
    assert.equal(new Set(runs.map(({ sessionId }) => sessionId)).size, 3);
    second.end();
    third.end();
    await queue.idle();
  },

  "idle() waits for what runs, not for what is delayed": async ({ queue }) => {
    const { handler, next } = stage();
    queue.start(handler);
    queue.wake("later", { delayMs: 60_000 });
    queue.wake("s");
    const run = await next();
    const idle = queue.idle();

    assert.equal(await isSettled(idle), false);
    run.end();
    await idle;
  },

  "wake() with a delay comes when it is over": async ({ queue, advance }) => {
    const { handler, next, runs } = stage({ ending: true });
    queue.start(handler);
    queue.wake("s", { delayMs: 500 });
    await queue.idle();
    await advance(250);

    assert.equal(runs.length, 0);
    await advance(250);
    assert.equal((await next()).sessionId, "s");
  },

  "wake() of a session with a delayed wake does not wait for that": async ({ queue, advance }) => {
    const { handler, next } = stage({ ending: true });
    queue.start(handler);
    queue.wake("s", { delayMs: 500 });
    queue.wake("s");

    await next();
    await advance(500);
    await next();
  },

  "a handler that throws leaves the queue running": async ({ queue }) => {
    const { handler, next } = stage();
    queue.start(handler);
    queue.wake("s");
    (await next()).fail(new Error("boom"));
    await queue.idle();

    queue.wake("s");
    (await next()).end();
  },

  "a handler that throws though its session was woken meanwhile runs again": async ({ queue }) => {
    const { handler, next } = stage();
    queue.start(handler);
    queue.wake("s");
    const run = await next();
    queue.wake("s");
    run.fail(new Error("boom"));

    (await next()).end();
  },

  "a sweep wakes the session whose handler threw": async ({ queue, dirty, sweep }) => {
    const { handler, next } = stage();
    queue.start(handler);
    queue.wake("s");
    (await next()).fail(new Error("boom"));
    await queue.idle();

    dirty.add("s");
    await sweep();

    (await next()).end();
  },

  "drain() lets what runs end within its grace": async ({ queue, advance }) => {
    const { handler, next } = stage();
    queue.start(handler);
    queue.wake("s");
    const run = await next();
    const drained = queue.drain({ graceMs: 500 });
    await advance(250);

    assert.equal(run.signal.aborted, false);
    run.end();
    await drained;
    assert.equal(run.signal.aborted, false);
  },

  "drain() stops what runs when its grace is over, and waits for it": async (subject) => {
    const { queue, advance } = subject;
    const { handler, next } = stage({ stoppable: false });
    queue.start(handler);
    queue.wake("s");
    const run = await next();
    const drained = queue.drain({ graceMs: 500 });
    await advance(500);

    assert.ok(run.signal.aborted);
    assert.ok(run.signal.reason instanceof Stopped && run.signal.reason.by === "shutdown");
    assert.equal(await isSettled(drained), false);
    run.end();
    await drained;
  },

  "drain() again without grace cuts the first one's grace short": async ({ queue }) => {
    const { handler, next } = stage();
    queue.start(handler);
    queue.wake("s");
    const run = await next();

    await Promise.all([queue.drain({ graceMs: 60_000 }), queue.drain({ graceMs: 0 })]);

    assert.ok(run.signal.aborted);
  },

  "drain() ends taking wakes": async ({ queue, advance, dirty, sweep }) => {
    const { handler, next, runs } = stage();
    queue.start(handler);
    for (const sessionId of ["a", "b", "waiting"]) queue.wake(sessionId);
    queue.wake("later", { delayMs: 100 });
    const running = [await next(), await next()];
    queue.wake("a");
    const drained = queue.drain({ graceMs: 60_000 });
    queue.wake("late");
    for (const run of running) run.end();
    await drained;
    dirty.add("swept");
    queue.wake("too late");
    await advance(100);
    await sweep();

    assert.equal(runs.length, 2);
  },

  "drain() of a queue that was never started ends": async ({ queue }) => {
    queue.wake("s");
    await queue.drain({ graceMs: 60_000 });
  },

  "dispose stops what runs at once, and may come twice": async ({ queue }) => {
    const { handler, next } = stage();
    queue.start(handler);
    queue.wake("s");
    const run = await next();

    await queue[Symbol.asyncDispose]();
    await queue[Symbol.asyncDispose]();

    assert.ok(run.signal.reason instanceof Stopped && run.signal.reason.by === "shutdown");
  },
};

/** Whether a promise settles before the event loop's next round is over. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  const settled = promise.then(() => true);
  return await Promise.race([settled, setImmediate(false)]);
}

interface Run {
  readonly sessionId: string;
  readonly signal: AbortSignal;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

interface Stage {
  readonly handler: Parameters<Queue["start"]>[0];
  /** The runs so far. */
  readonly runs: readonly Run[];
  /** The first run that was not asked for yet, as soon as it begins. */
  readonly next: () => Promise<Run>;
}

/**
 * A handler whose runs end when the test says so; or at once, when `ending`; or, unless not `stoppable`, when they
 * are stopped.
 */
function stage({ ending = false, stoppable = true } = {}): Stage {
  const runs: Run[] = [];
  let asked = 0;
  let begun = (): void => {};
  return {
    runs,
    handler: async (sessionId, { signal }) =>
      await new Promise<void>((resolve, reject) => {
        runs.push({ sessionId, signal, end: resolve, fail: reject });
        if (ending) resolve();
        if (stoppable) signal.addEventListener("abort", () => reject(signal.reason));
        begun();
      }),
    async next() {
      const index = asked;
      asked += 1;
      for (;;) {
        const run = runs[index];
        if (run) return run;
        await new Promise<void>((resolve) => {
          begun = resolve;
        });
      }
    },
  };
}
