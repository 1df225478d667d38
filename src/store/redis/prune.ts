import { z } from "zod";

import type { Store } from "../store.ts";
import { type Context, inLots } from "./context.ts";

/**
 * Removes idle sessions. What spans sessions is tidied after each: where a crash comes in between, the next prune finds the session
 * listed and gone, and tidies up. Notes of messages expire by themselves.
 */
export function prune({ client, run, keys }: Context, now: () => Promise<number>): Store["prune"] {
  const { active, spends, dirty, applied, due, dueVersions } = keys.shared;
  return async ({ idleBefore }) => {
    const ids = await client.zrangebyscore(active, "-inf", `(${idleBefore}`);
    const removed = await inLots(ids, async (sessionId) => {
      const {
        info,
        posts,
        outcomes,
        inbox,
        journal,
        postKeys,
        effects,
        ids: known,
      } = keys.session(sessionId);
      const result = await run("remove", z.string(), {
        keys: [info, posts, outcomes, inbox, journal, postKeys, effects, known],
        args: [idleBefore],
      });
      if (result !== "removed" && result !== "gone") {
        await client.zadd(active, "XX", "GT", result, sessionId);
        return [];
      }
      await run("forget", z.number(), {
        keys: [dirty, active, applied, due, dueVersions],
        args: [sessionId, idleBefore],
      });
      return result === "removed" ? [sessionId] : [];
    });
    await forgetSpends(await now());
    return removed.flat();
  };

  async function forgetSpends(at: number): Promise<void> {
    const before = new Date(at - keptMs).toISOString().slice(0, 10);
    const old = (await client.hkeys(spends)).filter((field) => field.slice(0, 10) < before);
    if (old.length > 0) await client.hdel(spends, ...old);
  }
}

const keptMs = 35 * 24 * 60 * 60 * 1000;
