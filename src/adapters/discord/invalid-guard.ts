import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";

/**
 * Discord shuts out who has too many calls refused in ten minutes, with 401, 403 or 429. Before that happens the adapter
 * makes no calls until there are fewer. https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
 */
export interface InvalidGuard {
  /** One was refused. */
  readonly refused: () => void;
  /** It happened: what stands before Discord refuses everything, for so long. */
  readonly shutOut: (ms: number) => void;
  /** How long no call may be made. */
  waitMs(): number;
}

export function createInvalidGuard({
  max,
  clock,
  log,
}: {
  readonly max: number;
  readonly clock: Clock;
  readonly log: Logger;
}): InvalidGuard {
  const times: number[] = [];
  let until = 0;
  return {
    refused() {
      const now = clock.now();
      while ((times[0] ?? now) < now - windowMs) times.shift();
      times.push(now);
      const count = times.length;
      if (count === Math.ceil(max / 2))
        log.warn({ count }, "Discord refuses many calls; it shuts out who has too many");
      if (count === max)
        log.error({ count }, "Too many calls were refused; none is made until there are fewer");
    },
    shutOut(ms) {
      until = Math.max(until, clock.now() + ms);
      log.error({ ms }, "Discord shuts the bot out, for having had too many calls refused");
    },
    waitMs() {
      const decisive = times.at(-max);
      const freeAt = decisive === undefined ? 0 : decisive + windowMs;
      return Math.max(0, Math.max(freeAt, until) - clock.now());
    },
  };
}

const windowMs = 10 * 60_000;
