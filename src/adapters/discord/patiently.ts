import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError } from "../../core/errors.ts";
import { discordCode } from "./failures.ts";

/** Makes a call that does no harm twice until it succeeds: as late as Discord asks, and again where it was not reached. */
export async function patiently<T>(
  call: () => Promise<T>,
  {
    clock,
    signal,
    passing = [],
    maxTries = 6,
  }: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    /** Codes of refusals that pass. */
    readonly passing?: readonly number[];
    /** Default 6, which takes some 15 s. */
    readonly maxTries?: number;
  },
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (tries === maxTries || !mayPass(error, passing)) throw error;
      await clock.sleep(pauseOf(error, tries), { signal });
    }
  }
}

/** What Discord refused in words it would refuse again. */
function mayPass(error: unknown, passing: readonly number[]): boolean {
  const code = discordCode(error);
  if (code !== undefined) return passing.includes(code);
  return isOpsthreadError(
    error,
    "ADAPTER_RATE_LIMITED",
    "ADAPTER_POST_FAILED",
    "ADAPTER_POST_UNKNOWN",
  );
}

function pauseOf(error: unknown, tries: number): number {
  const asked = isOpsthreadError(error) ? error.data["retryAfterMs"] : undefined;
  return typeof asked === "number" ? asked : Math.min(250 * 2 ** tries, longestMs);
}

const longestMs = 30_000;
