import type { Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";

/** Remembers for which calls Slack asked to wait, so that they are not made, and all others are. */
export interface Pauses {
  /** @throws {OpsthreadError} `ADAPTER_RATE_LIMITED` */
  check(call: string): void;
  add(call: string, ms: number): void;
}

export function createPauses(clock: Clock): Pauses {
  const until = new Map<string, number>();
  return {
    check(call) {
      const retryAfterMs = (until.get(call) ?? 0) - clock.now();
      if (retryAfterMs > 0)
        throw new OpsthreadError("ADAPTER_RATE_LIMITED", `Cannot call ${call} of Slack: paused`, {
          data: { retryAfterMs },
        });
      until.delete(call);
    },
    add(call, ms) {
      const now = clock.now();
      for (const [known, end] of until) if (end <= now) until.delete(known);
      until.set(call, now + ms);
    },
  };
}
