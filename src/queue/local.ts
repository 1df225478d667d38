import { setMaxListeners } from "node:events";

import PQueue from "p-queue";

import { Stopped } from "../core/abort.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { type Logger, silentLogger } from "../core/logger.ts";
import type { Queue } from "./queue.ts";
import { type Sweep, sweepTimes } from "./sweep.ts";

export interface LocalQueueOptions {
  /** How many sessions are handled side by side. */
  readonly concurrency?: number;
  /** Wakes these sessions at the start, and again each time. */
  readonly sweep?: Sweep;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * The embedded {@link Queue}: in this process, in memory. The sweep at its start builds it from the store.
 * Nothing of it keeps a process alive: what wakes sessions does.
 *
 * @example
 * const sweep = { everyMs: 5000, sessions: () => store.dirtySessions() };
 * await using queue = localQueue({ sweep });
 * queue.start((sessionId, { signal }) => runTurn(sessionId, { signal }));
 *
 * @throws {TypeError} when the concurrency or the sweep's pattern can't be used
 * @throws {RangeError} when the sweep's interval is not a positive number
 */
export function localQueue(options: LocalQueueOptions = {}): Queue {
  const { concurrency = 4, sweep, clock = systemClock, log = silentLogger } = options;
  const nextSweep = sweep && sweepTimes(sweep);
  const work = new PQueue({ concurrency, autoStart: false });
  const states = new Map<string, "waiting" | "running" | "running, woken">();
  const runs = new Set<AbortController>();
  const closing = new AbortController();
  // Each delayed wake listens; Node takes more than ten listeners for a leak.
  setMaxListeners(0, closing.signal);
  let handle: Handler | undefined;
  let sweeping = Promise.resolve();

  return {
    start(handler) {
      if (handle) throw new TypeError("Cannot start the queue: it is started already");
      handle = handler;
      work.start();
      if (sweep && !closing.signal.aborted) void sweepFromNowOn(sweep);
    },

    wake(sessionId, { delayMs = 0 } = {}) {
      if (delayMs > 0) void wakeLater(sessionId, clock.now() + delayMs);
      else wake(sessionId);
    },

    async idle() {
      await sweeping;
      await work.onIdle();
    },

    drain,
    [Symbol.asyncDispose]: async () => await drain({ graceMs: 0 }),
  };

  function wake(sessionId: string): void {
    if (closing.signal.aborted) return;
    const state = states.get(sessionId);
    if (state === "running") states.set(sessionId, "running, woken");
    if (state !== undefined) return;
    states.set(sessionId, "waiting");
    void work.add(() => run(sessionId));
  }

  async function run(sessionId: string): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    runs.add(controller);
    states.set(sessionId, "running");
    try {
      await handle?.(sessionId, { signal });
    } catch (error) {
      if (error !== signal.reason) log.error({ sessionId, err: error }, "Session failed");
    } finally {
      runs.delete(controller);
      const isWoken = states.get(sessionId) === "running, woken";
      states.delete(sessionId);
      if (isWoken) wake(sessionId);
    }
  }

  async function wakeLater(sessionId: string, time: number): Promise<void> {
    if (await isReached(time)) wake(sessionId);
  }

  async function sweepFromNowOn({ sessions }: Sweep): Promise<void> {
    let next: number | undefined;
    do {
      sweeping = wakeAll(sessions);
      await sweeping;
      next = nextSweep?.(clock.now());
    } while (next !== undefined && (await isReached(next)));
  }

  async function wakeAll(sessions: Sweep["sessions"]): Promise<void> {
    try {
      for (const sessionId of await sessions()) wake(sessionId);
    } catch (error) {
      log.error({ err: error }, "Sweep failed");
    }
  }

  /** Resolves at `time` with true, or with false once the queue closes. */
  async function isReached(time: number): Promise<boolean> {
    const { signal } = closing;
    try {
      // In rounds, because timers may end a little early and can't be set for longer than this.
      for (let left = time - clock.now(); left > 0; left = time - clock.now()) {
        await clock.sleep(Math.min(left, longestTimerMs), { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return !signal.aborted;
  }

  async function drain({ graceMs }: { readonly graceMs: number }): Promise<void> {
    closing.abort(new Stopped("shutdown"));
    work.clear();
    const drained = new AbortController();
    const grace = stopRunsAfter(graceMs, drained.signal);
    await work.onIdle();
    await sweeping;
    drained.abort();
    await grace;
  }

  async function stopRunsAfter(graceMs: number, drained: AbortSignal): Promise<void> {
    try {
      if (graceMs > 0) await clock.sleep(graceMs, { signal: drained });
    } catch (error) {
      if (!drained.aborted) throw error;
    }
    for (const controller of runs) controller.abort(new Stopped("shutdown"));
  }
}

type Handler = Parameters<Queue["start"]>[0];

const longestTimerMs = 2 ** 31 - 1;
