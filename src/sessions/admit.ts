import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Queue } from "../queue/queue.ts";
import type { Store } from "../store/store.ts";
import { limitsOf, type TurnLimits } from "./turn-limits.ts";
import type { Turnstile, TurnLimit } from "./turnstile.ts";

export interface AdmitOptions {
  readonly store: Store;
  readonly queue: Queue;
  readonly turnstile: Turnstile;
  readonly turnLimits: TurnLimits;
  /** How long a place outlives its process, milliseconds. */
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Advances a session by `advance`, unless as many turns run as its channel or its asker may have. Then it stays dirty, and is woken
 * when there may be a place. A request to stop does not wait.
 */
export async function admit(
  sessionId: string,
  options: AdmitOptions,
  advance: () => Promise<void>,
): Promise<void> {
  const { store, queue, turnstile, turnLimits, leaseMs, log } = options;
  if (Object.keys(turnLimits).length === 0) return await advance();
  const info = await store.session(sessionId);
  if (!info) return;
  const unread = await store.readInbox(sessionId, { after: 0 });
  const first = unread[0]?.message;
  const limits = limitsOf(info.thread, first?.actor, turnLimits);
  if (!unread.some(({ message }) => message.kind === "stop")) {
    const since = first?.sentAt ?? info.activeAt;
    const asked = await turnstile.enter(sessionId, { limits, since, ttlMs: leaseMs });
    if (!asked.admitted) {
      const { limit, ahead } = asked;
      return log.debug({ sessionId, limit: limit.name, ahead }, "A session waits for its turn");
    }
  }
  const done = new AbortController();
  const keeping = keep(sessionId, limits, options, done.signal);
  try {
    await advance();
  } finally {
    done.abort();
    await keeping;
    for (const next of await leave(sessionId, limits, options)) queue.wake(next);
  }
}

async function keep(
  sessionId: string,
  limits: readonly TurnLimit[],
  { turnstile, leaseMs, clock, log }: AdmitOptions,
  signal: AbortSignal,
): Promise<void> {
  for (;;)
    try {
      await clock.sleep(leaseMs / 3, { signal });
      await turnstile.keep(sessionId, { limits, ttlMs: leaseMs });
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ sessionId, error: messageOf(error) }, "The place of a turn was not kept");
    }
}

/** Where it fails, the places are given back by time, and who waits is found by the sweep. */
async function leave(
  sessionId: string,
  limits: readonly TurnLimit[],
  { turnstile, log }: AdmitOptions,
): Promise<readonly string[]> {
  try {
    return await turnstile.leave(sessionId, limits);
  } catch (error) {
    log.warn({ sessionId, error: messageOf(error) }, "The place of a turn was not given back");
    return [];
  }
}
