import { Cron } from "croner";

/** Which sessions have work to do, and when to ask. */
export type Sweep = {
  /** The sessions to wake. A failure is logged, and the next sweep asks again. */
  readonly sessions: () => Promise<readonly string[]>;
} & (
  | { readonly everyMs: number; readonly cron?: never }
  /** A cron pattern, in the local time zone; seconds are optional: `*\/10 * * * * *`. */
  | { readonly cron: string; readonly everyMs?: never }
);

/**
 * When the next sweep after `now` is, or undefined when there is none.
 *
 * @throws {TypeError} when the pattern can't be read
 * @throws {RangeError} when the interval is not a positive number
 */
export function sweepTimes({ everyMs, cron }: Sweep): (now: number) => number | undefined {
  if (cron === undefined) {
    if (everyMs > 0) return (now) => now + everyMs;
    throw new RangeError(`Cannot sweep every ${everyMs} ms: expected a positive number`);
  }
  // Croner only does the arithmetic: its own timers know no injected clock.
  const pattern = new Cron(cron);
  return (now) => pattern.nextRun(new Date(now))?.getTime();
}
