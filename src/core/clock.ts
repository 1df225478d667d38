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
  // By `node:timers/promises` each sleep that is cut short would make an error with a stack that nobody reads.
  sleep: (ms, { signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const until = Date.now() + ms;
      let timer: NodeJS.Timeout | undefined;
      const end = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const wait = (left: number): void => {
        if (left > 0) {
          timer = setTimeout(() => wait(until - Date.now()), Math.min(left, longestTimerMs));
          timer.unref();
          return;
        }
        signal.removeEventListener("abort", end);
        resolve();
      };
      signal.addEventListener("abort", end, { once: true });
      wait(ms);
    }),
};
