import type { Clock } from "../../core/clock.ts";
import { type Rate, ratesOf } from "./rates.ts";

/** Whose turn it is to call Slack: no more calls than it takes, and none for which it asked to wait. */
export interface Turns {
  /**
   * Takes a call's turn. Gives the milliseconds to wait where it has none: 0 means go on.
   * @param options.isSpare of a call that gives way to others: it is refused while there is little room
   */
  take(call: Call, options: { readonly isSpare: boolean }): number;
  /** Slack asked to wait with calls like this one; all others go on. */
  pause(call: Call, ms: number): void;
}

export interface Call {
  readonly method: string;
  /** Where something is posted. */
  readonly channel: string;
}

/** @param options.factor how many times what Slack publishes */
export function createTurns({
  clock,
  factor,
}: {
  readonly clock: Clock;
  readonly factor: number;
}): Turns {
  const buckets = new Map<string, Bucket>();
  const paused = new Map<string, number>();
  const bucketOf = (rate: Rate): Bucket => {
    const now = clock.now();
    const known = buckets.get(rate.name) ?? { tokens: rate.burst, at: now, perMs: 1 };
    const perMs = (rate.perMinute - rate.burst) / 60_000;
    const tokens = Math.min(rate.burst, known.tokens + (now - known.at) * perMs);
    const bucket = { tokens, at: now, perMs };
    buckets.set(rate.name, bucket);
    return bucket;
  };
  const forget = (): void => {
    // One that is full again is as good as none.
    const now = clock.now();
    for (const [name, { at }] of buckets) if (at + fullMs < now) buckets.delete(name);
    for (const [name, until] of paused) if (until <= now) paused.delete(name);
  };

  return {
    take(call, { isSpare }) {
      if (buckets.size > maxBuckets) forget();
      const rates = ratesOf(call, factor).map((rate) => ({
        bucket: bucketOf(rate),
        needed: isSpare ? 1 + Math.floor(rate.burst / 2) : 1,
      }));
      const waits = rates.map(({ bucket, needed }) =>
        // What a sum of fractions lacks is no reason to wait.
        bucket.tokens + 1e-6 >= needed ? 0 : Math.ceil((needed - bucket.tokens) / bucket.perMs),
      );
      const wait = Math.max((paused.get(nameOf(call)) ?? 0) - clock.now(), ...waits);
      if (wait > 0) return wait;
      for (const { bucket } of rates) bucket.tokens -= 1;
      return 0;
    },
    pause(call, ms) {
      forget();
      paused.set(nameOf(call), clock.now() + ms);
    },
  };
}

interface Bucket {
  tokens: number;
  readonly at: number;
  readonly perMs: number;
}

const maxBuckets = 1000;
const fullMs = 120_000;

/** What Slack's answer 429 is about. */
const nameOf = ({ method, channel }: Call): string =>
  method === "chat.postMessage" ? `${method} ${channel}` : method;
