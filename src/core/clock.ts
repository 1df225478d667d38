import { setTimeout as delay } from "node:timers/promises";

/** The source of time, injected so that tests need no waiting. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason. Keeps no process alive. */
  sleep(ms: number, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** Node fires a longer timer at once. https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, { signal }) {
    const until = Date.now() + ms;
    try {
      for (let left = ms; left > 0; left = until - Date.now())
        await delay(Math.min(left, longestTimerMs), undefined, { signal, ref: false });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  },
};
