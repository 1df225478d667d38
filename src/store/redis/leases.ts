import { z } from "zod";

import { parseStored } from "../../core/journal.ts";
import { ThreadRefSchema } from "../../core/message.ts";
import type { Store } from "../store.ts";
import type { Context } from "./context.ts";
import { type Dirty, fenceSeconds } from "./dirty.ts";
import type { Effects } from "./effects.ts";
import type { Outbox } from "./outbox.ts";

/** Who may advance which session. Taking the lease also finishes what a crash of an earlier holder left half done. */
export function leases(
  { run, keys, time }: Context,
  {
    dirty,
    effects,
    outbox,
  }: { readonly dirty: Dirty; readonly effects: Effects; readonly outbox: Outbox },
): Pick<Store, "lease" | "renew" | "release"> {
  const ask = async (
    sessionId: string,
    args: readonly (string | number)[],
  ): Promise<z.infer<typeof Asked>> => {
    const { info, effects: left, fence } = keys.session(sessionId);
    return await run("lease", Asked, { keys: [info, left, fence], args: [time(), ...args] });
  };

  return {
    async lease(sessionId, { holder, ttlMs }) {
      let asked = await ask(sessionId, [holder, ttlMs, ""]);
      while (asked[0] === "clean" || asked[0] === "stale")
        asked = await ask(sessionId, [holder, ttlMs, await dirty.mark(sessionId)]);
      if (asked[0] !== "granted") return undefined;
      const [, epoch, thread, createdAt, left, version, dueAt] = asked;
      if (left > 0) await effects.apply(sessionId);
      if (dueAt !== "") await outbox.schedule(sessionId, { version, dueAt });
      return {
        sessionId,
        holder,
        epoch,
        thread: parseStored(ThreadRefSchema, thread, `the thread of "${sessionId}"`),
        createdAt: Number(createdAt),
      };
    },

    async renew({ sessionId, epoch }, { ttlMs }) {
      const { info } = keys.session(sessionId);
      const renewed = await run("renew", z.number(), {
        keys: [info],
        args: [time(), epoch, ttlMs],
      });
      return renewed === 1;
    },

    async release({ sessionId, epoch }, { done }) {
      const { info, inbox, effects: left, fence } = keys.session(sessionId);
      for (;;) {
        const [result, mark, activeAt] = await run("release", Released, {
          keys: [info, inbox, left, fence],
          args: [epoch, done ? 1 : 0, fenceSeconds, effects.pending.has(sessionId) ? 0 : 1],
        });
        if (result === "effects") {
          await effects.apply(sessionId);
          continue;
        }
        if (mark !== undefined && activeAt !== undefined)
          await dirty.unmark(sessionId, { mark, activeAt });
        return result;
      }
    },
  };
}

const Asked = z.union([
  z.tuple([z.enum(["none", "clean", "stale"])]),
  z.tuple([
    z.literal("granted"),
    z.number(),
    z.string(),
    z.string(),
    z.number(),
    z.string(),
    z.string(),
  ]),
]);

const Released = z
  .tuple([z.enum(["released", "inbox-not-empty", "lost", "effects"])])
  .rest(z.string());
