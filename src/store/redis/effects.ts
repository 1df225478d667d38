import { z } from "zod";

import { RememberedCall } from "../../core/call-request.ts";
import { parseStored } from "../../core/journal.ts";
import { Spent } from "../../core/spent.ts";
import type { Append } from "../store.ts";
import type { Context } from "./context.ts";
import type { NextPost } from "./outbox.ts";

/**
 * What an append brings for all sessions: spends and approvals. It is written with the append, into the session's own slot, and
 * applied right after it; whoever takes the lease after a crash applies what is left. Applied in order, each once. What was applied
 * goes with the next write.
 */
export interface Effects {
  /** Sessions with effects that this process wrote, or tried to, and has not applied. */
  readonly pending: Set<string>;
  /** What an append brings, to be written with it; undefined when that is nothing. */
  of(
    append: Append,
    lease: { readonly epoch: number; readonly seq: number },
  ): { readonly text: string; readonly effect: Effect } | undefined;
  /** Applies all that was written and may not be applied yet. */
  apply(sessionId: string): Promise<void>;
  /** Applies what was written last, where all before it was applied, and notes when the session's next post is due. */
  applyLast(sessionId: string, effect: Effect, next?: NextPost): Promise<void>;
}

export function effects({ client, run, keys }: Context): Effects {
  const { applied, spends, remembered, rememberedOrder, due, dueVersions } = keys.shared;
  const pending = new Set<string>();
  const applyOne: Effects["applyLast"] = async (sessionId, effect, next) => {
    await run("apply", z.number(), {
      keys: [applied, spends, remembered, rememberedOrder, due, dueVersions],
      args: [
        sessionId,
        next?.version ?? "",
        next?.dueAt ?? "",
        effect.epoch,
        effect.seq,
        ...argsOf(effect),
      ],
    });
  };
  return {
    pending,

    of({ spends: spent = [], remember = [], forget = [] }, { epoch, seq }) {
      if (spent.length + remember.length + forget.length === 0) return undefined;
      const effect: Effect = { epoch, seq, spends: spent, remember, forget };
      return { effect, text: JSON.stringify(effect) };
    },

    async apply(sessionId) {
      const texts = await client.lrange(keys.session(sessionId).effects, 0, -1);
      for (const text of texts)
        await applyOne(sessionId, parseStored(Effect, text, `an effect of "${sessionId}"`));
      pending.delete(sessionId);
    },
    async applyLast(sessionId, effect, next) {
      await applyOne(sessionId, effect, next);
      pending.delete(sessionId);
    },
  };
}

const Effect = z.object({
  epoch: z.number().int(),
  seq: z.number().int(),
  spends: z.array(z.object({ name: z.string(), day: z.string(), spent: Spent })).readonly(),
  remember: z.array(RememberedCall).readonly(),
  forget: z.array(z.string()).readonly(),
});
type Effect = z.infer<typeof Effect>;

function argsOf({ spends, remember, forget }: Effect): readonly (string | number)[] {
  const amounts = spends.flatMap(({ name, day, spent }) =>
    kinds.map((kind) => [spendField({ day, kind, name }), spent[kind]] as const),
  );
  const calls = remember.map(
    (call) => [`${call.approvalId} ${call.sessionId}`, JSON.stringify(call)] as const,
  );
  return [amounts.length, ...amounts.flat(), calls.length, ...calls.flat(), ...forget];
}

export const kinds = ["steps", "tokens", "usd", "ms"] as const;

export const spendField = ({
  day,
  kind,
  name,
}: {
  readonly day: string;
  readonly kind: (typeof kinds)[number];
  readonly name: string;
}): string => `${day} ${kind} ${name}`;
