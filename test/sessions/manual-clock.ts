import type { Clock } from "../../src/core/clock.ts";

/** Time that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #sleepers = new Set<{ readonly at: number; wake(): void }>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const end = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason);
      };
      const wake = (): void => {
        end();
        resolve();
      };
      const sleeper = { at: this.#now + ms, wake };
      signal.addEventListener("abort", onAbort);
      this.#sleepers.add(sleeper);
    });
  }

  /** Moves on by `ms`, waking who is due in order. */
  advance(ms: number): void {
    this.#now += ms;
    const due = [...this.#sleepers].filter(({ at }) => at <= this.#now);
    for (const sleeper of due.toSorted((a, b) => a.at - b.at)) sleeper.wake();
  }
}
