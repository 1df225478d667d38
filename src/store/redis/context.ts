import type { RedisClient } from "../../redis/connect.ts";
import type { Keys } from "./keys.ts";
import type { RunScript } from "./scripts.ts";

/** What the parts of the store work with. */
export interface Context {
  readonly client: RedisClient;
  readonly run: RunScript;
  readonly keys: Keys;
  /** The time for scripts: empty for Redis' own. */
  readonly time: () => number | "";
}

/** Many at once, but no more than that, so that answers don't pile up. */
export async function inLots<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += lotSize)
    results.push(...(await Promise.all(items.slice(at, at + lotSize).map(work))));
  return results;
}

const lotSize = 200;
