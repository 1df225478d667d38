import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { DiscordApi } from "./api.ts";
import { unreachable } from "./failures.ts";

/** How the gateway's sessions are begun. */
export interface SessionStarts {
  readonly shards: number;
  /** How many may still be begun, of how many. */
  readonly remaining: number;
  readonly total: number;
  /** How long it takes at most until all are there. */
  readonly openMs: number;
}

/**
 * Asks Discord how many shards there should be, and whether so many sessions may be begun: each counts, and of a bot that
 * begins more than 1,000 a day the token is taken away. https://discord.com/developers/docs/events/gateway#session-start-limit-object
 * @throws {OpsthreadError} `ADAPTER_UNAVAILABLE` with `data.retryAfterMs` when too few are left
 */
export async function sessionStarts(
  api: DiscordApi,
  {
    shards: wanted,
    clock,
    log,
    signal,
  }: {
    readonly shards: number | "auto";
    readonly clock: Clock;
    readonly log: Logger;
    readonly signal: AbortSignal;
  },
): Promise<SessionStarts> {
  const facts = await api
    .call("GET", "/gateway/bot", { signal })
    .then((answer) => Facts.parse(answer))
    .catch((error: unknown) => {
      signal.throwIfAborted();
      throw unreachable(error);
    });
  const { total, remaining, reset_after: resetMs, max_concurrency } = facts.session_start_limit;
  const shards = wanted === "auto" ? facts.shards : wanted;
  const resetsAt = new Date(clock.now() + resetMs).toISOString();
  if (remaining < shards)
    throw new OpsthreadError(
      "ADAPTER_UNAVAILABLE",
      `Cannot connect to Discord: ${remaining} of the ${total} sessions a day are left, expected ${shards}, one per shard; there are ${total} again at ${resetsAt}. Look for what begins so many, such as a process that is restarted again and again`,
      { data: { retryAfterMs: resetMs } },
    );
  if (remaining < total / 10)
    log.warn({ remaining, total, resetsAt }, "Few sessions may still be begun at Discord today");
  return {
    shards,
    remaining,
    total,
    openMs: greetMs + Math.ceil(shards / max_concurrency) * turnMs,
  };
}

const greetMs = 60_000;
/** Those that take turns wait five seconds each, and discord.js some more. */
const turnMs = 7000;

const Facts = z.object({
  shards: z.number().int().positive(),
  session_start_limit: z.object({
    total: z.number(),
    remaining: z.number(),
    reset_after: z.number().nonnegative().max(8.64e13),
    max_concurrency: z.number().positive(),
  }),
});
