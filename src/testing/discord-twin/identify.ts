import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import type { Shard } from "./gateway-sessions.ts";
import { knownIntents, type PrivilegedIntent, privilegedIntents } from "./intents.ts";

/** How many sessions may be begun: https://discord.com/developers/docs/events/gateway#session-start-limit-object */
export interface SessionStarts {
  readonly total: number;
  remaining: number;
  /** When there are `total` again, from now on. */
  resetAfterMs: number;
  /** How many may be begun in five seconds. */
  readonly maxConcurrency: number;
}

/** What a client that asks for a session gets: one with these intents and this shard, or none. */
export type Identified =
  | { readonly type: "good"; readonly intents: number; readonly shard: Shard }
  | { readonly type: "closed"; readonly code: number; readonly reason: string }
  /** It may ask again later. */
  | { readonly type: "too-soon" };

export interface Identifying {
  /** `isAlive`: whether some shard has a session. */
  check(given: unknown, isAlive: (isMeant: (shard: Shard) => boolean) => boolean): Identified;
  /** Lets the next ones through without waiting. */
  forget(): void;
}

/** The rules of identifying: https://discord.com/developers/docs/events/gateway#identifying */
export function identifying({
  clock,
  token,
  granted,
  starts,
}: {
  readonly clock: Clock;
  readonly token: string;
  /** Privileged intents that are turned on in the portal. */
  readonly granted: ReadonlySet<PrivilegedIntent>;
  readonly starts: SessionStarts;
}): Identifying {
  const last = new Map<number, number>();
  /** Shards with the same key take turns. */
  const keyOf = ([id]: Shard): number => id % starts.maxConcurrency;
  return {
    check(given, isAlive) {
      const parsed = Identify.safeParse(given);
      if (!parsed.success) return closed(4002, "Error while decoding payload.");
      const { intents, shard } = parsed.data;
      if (parsed.data.token !== token) return closed(4004, "Authentication failed.");
      if (shard[0] >= shard[1]) return closed(4010, "Invalid shard.");
      if (intents > knownIntents) return closed(4013, "Invalid intent(s).");
      const isGranted = Object.entries(privilegedIntents).every(
        ([name, bit]) => (intents & bit) === 0 || [...granted].some((each) => each === name),
      );
      if (!isGranted) return closed(4014, "Disallowed intent(s).");
      const key = keyOf(shard);
      const isSoon = clock.now() - (last.get(key) ?? -Infinity) < identifyEveryMs;
      // Who said goodbye and starts anew is let through, so that tests of restarts need not wait.
      if (isSoon && isAlive((other) => keyOf(other) === key)) return { type: "too-soon" };
      // Discord then takes the token away.
      if (starts.remaining <= 0) return closed(4004, "Authentication failed.");
      starts.remaining -= 1;
      last.set(key, clock.now());
      return { type: "good", intents, shard };
    },
    forget: () => last.clear(),
  };
}

const closed = (code: number, reason: string): Identified => ({ type: "closed", code, reason });

const identifyEveryMs = 5000;

const Identify = z.looseObject({
  token: z.string(),
  intents: z.number().int().nonnegative(),
  shard: z.tuple([z.number().int().nonnegative(), z.number().int().positive()]).default([0, 1]),
  properties: z.looseObject({}),
});
