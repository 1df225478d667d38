import { createHash } from "node:crypto";

import type { Clock } from "../../core/clock.ts";

/** What the twin counts by, and how much. Discord tells no numbers beforehand; these are what is seen of it. */
export interface RateLimit {
  readonly limit: number;
  readonly perMs: number;
}

export interface Counted {
  readonly headers: Readonly<Record<string, string>>;
  /** Present when it was one too many. */
  readonly refused?: { readonly retryAfterS: number; readonly global: boolean };
}

/** https://discord.com/developers/docs/topics/rate-limits */
export interface RateLimits {
  /** Counts a call; `sub` is a narrower limit besides, that the headers don't tell of. */
  count(call: {
    readonly route: string;
    readonly major: string;
    readonly isInteraction: boolean;
    readonly sub?: RateLimit | undefined;
  }): Counted;
  /** Counts an answer of 401, 403 or 429; true when there were too many in ten minutes. */
  invalid(): boolean;
  /** Whether the client is shut out for having had too many of those. */
  isBanned(): boolean;
  /** How many calls were refused. */
  refusals(): number;
}

export function rateLimits(
  clock: Clock,
  {
    maxInvalid = 10_000,
    isOn = true,
  }: { readonly maxInvalid?: number; readonly isOn?: boolean } = {},
): RateLimits {
  const windows = new Map<string, { until: number; used: number }>();
  const invalids: number[] = [];
  let refusals = 0;
  const use = (key: string, { limit, perMs }: RateLimit): { left: number; resetMs: number } => {
    const now = clock.now();
    const known = windows.get(key);
    const current = known && known.until > now ? known : { until: now + perMs, used: 0 };
    windows.set(key, current);
    if (windows.size > maxWindows)
      for (const [each, { until }] of windows) if (until <= now) windows.delete(each);
    current.used += 1;
    return { left: limit - current.used, resetMs: current.until - now };
  };
  const recentInvalids = (): number => {
    while ((invalids[0] ?? Infinity) < clock.now() - 600_000) invalids.shift();
    return invalids.length;
  };
  return {
    count({ route, major, isInteraction, sub }) {
      if (!isOn) return { headers: {} };
      const limit = limits[route] ?? otherwise;
      const bucket = createHash("md5").update(route).digest("hex").slice(0, 20);
      const { left, resetMs } = use(`${route} ${major}`, limit);
      // Interactions are not bound to the global one.
      const all = isInteraction ? undefined : use("global", { limit: 50, perMs: 1000 });
      const narrow = sub && use(`${route} ${major} sub`, sub);
      const headers = {
        "x-ratelimit-limit": String(limit.limit),
        "x-ratelimit-remaining": String(Math.max(0, left)),
        "x-ratelimit-reset": ((clock.now() + resetMs) / 1000).toFixed(3),
        "x-ratelimit-reset-after": (resetMs / 1000).toFixed(3),
        "x-ratelimit-bucket": bucket,
      };
      const isTooMany = left < 0 || (all?.left ?? 0) < 0 || (narrow?.left ?? 0) < 0;
      if (isTooMany) refusals += 1;
      if (all && all.left < 0)
        return { headers, refused: { retryAfterS: all.resetMs / 1000, global: true } };
      if (left < 0) return { headers, refused: { retryAfterS: resetMs / 1000, global: false } };
      if (narrow && narrow.left < 0)
        return { headers, refused: { retryAfterS: narrow.resetMs / 1000, global: false } };
      return { headers };
    },
    invalid() {
      invalids.push(clock.now());
      return recentInvalids() > maxInvalid;
    },
    refusals: () => refusals,
    isBanned: () => recentInvalids() > maxInvalid,
  };
}

const maxWindows = 5000;

const limits: Readonly<Record<string, RateLimit>> = {
  "POST /channels/{}/messages": { limit: 5, perMs: 5000 },
  "PATCH /channels/{}/messages/{}": { limit: 5, perMs: 5000 },
  "DELETE /channels/{}/messages/{}": { limit: 5, perMs: 1000 },
  "POST /channels/{}/typing": { limit: 5, perMs: 5000 },
  "POST /users/@me/channels": { limit: 10, perMs: 10_000 },
  "PUT /channels/{}/messages/{}/reactions/{}/@me": { limit: 1, perMs: 250 },
};
const otherwise: RateLimit = { limit: 50, perMs: 1000 };

/** Two changes of a channel's name in ten minutes: a limit within a limit, that no header tells of. */
export const renameLimit: RateLimit = { limit: 2, perMs: 600_000 };
