import { setImmediate } from "node:timers/promises";

import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

/**
 * Removes idle sessions, some at a time so that messages get accepted in between; which ones may go is looked up
 * for each lot.
 *
 * The ids of their messages stay until they are a week old, longer than platforms repeat a delivery: a late repeat
 * must not open a removed session again. A session that stays keeps all of its ids.
 */
export function prune(
  { run, all, transaction }: Database,
  { clock, forgetSpends }: { readonly clock: Clock; readonly forgetSpends: () => void },
): Store["prune"] {
  return async ({ idleBefore }) => {
    const removed: string[] = [];
    for (;;) {
      const lot = transaction(() => all(IdRow, removeSql, { idleBefore, lotSize }));
      removed.push(...lot.map(({ id }) => id));
      if (lot.length < lotSize) break;
      await setImmediate();
    }
    run(forgetSql, { before: clock.now() - keepIdsMs });
    forgetSpends();
    return removed;
  };
}

const lotSize = 50;
const keepIdsMs = 7 * 24 * 60 * 60 * 1000;
const IdRow = z.object({ id: z.string() });

// A session with unread messages or a turn under way is dirty, so only its posts need a look.
const removeSql = `DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE dirty_since IS NULL AND active_at < :idleBefore AND NOT EXISTS (
      SELECT 1 FROM posts WHERE session_id = sessions.id AND state = 'waiting')
    LIMIT :lotSize)
  RETURNING id`;
const forgetSql = `DELETE FROM accepted WHERE accepted_at < :before
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE id = session_id)`;
