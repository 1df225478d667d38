import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { RedisClient } from "../../redis/connect.ts";
import { type Sweep, sweepTimes } from "../sweep.ts";

/** Wakes what sweeps find, from now on until the signal aborts. */
export interface Sweeps {
  run(wakeAll: WakeAll, signal: AbortSignal): Promise<void>;
  /** Resolves when no sweep is under way. */
  settled(): Promise<void>;
}

type WakeAll = (sessionIds: readonly string[]) => Promise<void>;

/** One process at a time sweeps for all: the one that noted itself last, or whoever finds that note expired. */
export function runSweeps({
  sweep,
  client,
  prefix,
  holder,
  clock,
  log,
}: {
  readonly sweep: Sweep;
  readonly client: RedisClient;
  readonly prefix: string;
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Sweeps {
  const nextTime = sweepTimes(sweep);
  const key = `${prefix}:sweeper`;
  let latest = Promise.resolve();

  const isElected = async (ms: number): Promise<boolean> => {
    // It expires before the next sweep, so that another process takes over then if this one is gone.
    const ttl = Math.max(Math.floor(Math.min(ms, longestMs) * 0.9), 1);
    if ((await client.set(key, holder, "PX", ttl, "NX")) === "OK") return true;
    if ((await client.get(key)) !== holder) return false;
    return (await client.set(key, holder, "PX", ttl, "XX")) === "OK";
  };
  const sweepOnce = async (wakeAll: WakeAll, ms: number): Promise<void> => {
    try {
      if (!(await isElected(ms))) return;
      await wakeAll(await sweep.sessions());
    } catch (error) {
      log.error({ error: messageOf(error) }, "Sweep failed");
    }
  };
  const run = async (wakeAll: WakeAll, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const now = clock.now();
      const next = nextTime(now);
      latest = sweepOnce(wakeAll, (next ?? now + longestMs) - now);
      await latest;
      if (next === undefined) return;
      try {
        for (let left = next - clock.now(); left > 0; left = next - clock.now())
          await clock.sleep(left, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  };
  return { run, settled: () => latest };
}

const longestMs = 60_000;
