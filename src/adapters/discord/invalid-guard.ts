import type { Logger } from "../../core/logger.ts";

/**
 * Discord shuts out who has too many calls refused in ten minutes, with 401, 403 or 429. Before that happens the adapter
 * makes no calls until they are over. https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
 */
export interface InvalidGuard {
  /** Takes what the client counted: so many, of a time that ends in so many milliseconds. */
  readonly count: (count: number, remainingMs: number) => void;
  /** How long no call may be made. */
  waitMs(): number;
}

export function createInvalidGuard({
  max,
  log,
}: {
  readonly max: number;
  readonly log: Logger;
}): InvalidGuard {
  let until = 0;
  return {
    count(count, remainingMs) {
      if (count === Math.ceil(max / 2))
        log.warn(
          { count, remainingMs },
          "Discord refuses many calls; it shuts out who has too many",
        );
      if (count < max) return;
      // The client counts by the system's clock.
      until = Date.now() + remainingMs;
      log.error({ count, remainingMs }, "Too many calls were refused; none is made for now");
    },
    waitMs: () => Math.max(0, until - Date.now()),
  };
}
