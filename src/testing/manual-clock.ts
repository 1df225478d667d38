import { setImmediate } from "node:timers/promises";

import { abortable } from "../core/abort.ts";
import type { Clock } from "../core/clock.ts";

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Lets `ms` milliseconds pass: wakes every sleeper in its order, and lets what it woke run. */
  advance(ms: number): Promise<void>;
}

export function manualClock(start = 1_000_000): ManualClock {
  const sleepers = new Set<Sleeper>();
  let now = start;
  return {
    now: () => now,

    async sleep(ms, { signal }) {
      signal.throwIfAborted();
      let wake = (): void => {};
      const slept = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const sleeper = { at: now + ms, wake };
      sleepers.add(sleeper);
      try {
        await abortable(slept, signal);
      } finally {
        sleepers.delete(sleeper);
      }
    },

    async advance(ms) {
      const until = now + ms;
      for (;;) {
        await setImmediate();
        const next = [...sleepers].toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > until) break;
        now = Math.max(now, next.at);
        sleepers.delete(next);
        next.wake();
      }
      now = until;
    },
  };
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}
