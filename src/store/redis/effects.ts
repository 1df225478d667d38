import { z } from "zod";

import { RememberedCall } from "../../core/call-request.ts";
import { parseStored } from "../../core/journal.ts";
import { Spent } from "../../core/spent.ts";
import type { Append } from "../store.ts";
import type { Context } from "./context.ts";

/**
 * What an append brings for all sessions: spends and approvals. It is written with the append, into the session's own slot, and
 * applied right after it; whoever takes the lease after a crash applies what is left. Applied in order, each once.
 */
export interface Effects {
  /** What an append brings, to be written with it; empty when that is nothing. */
  textOf(append: Append, lease: { readonly epoch: number; readonly seq: number }): string;
  /** Applies what was written and not applied yet. */
  apply(sessionId: string): Promise<void>;
  /** Applies what was written last, where all before it was applied. */
  applyLast(sessionId: string, text: string): Promise<void>;
}

export function effects({ client, run, keys }: Context): Effects {
  const { applied, spends, remembered, rememberedOrder } = keys.shared;
  const applyOne = async (sessionId: string, text: string): Promise<void> => {
    const effect = parseStored(Effect, text, `an effect of "${sessionId}"`);
    await run("apply", z.number(), {
      keys: [applied, spends, remembered, rememberedOrder],
      args: [sessionId, effect.epoch, effect.seq, ...argsOf(effect)],
    });
    await client.lrem(keys.session(sessionId).effects, 1, text);
  };
  return {
    textOf({ spends: spent = [], remember = [], forget = [] }, { epoch, seq }) {
      if (spent.length + remember.length + forget.length === 0) return "";
      const effect: Effect = { epoch, seq, spends: spent, remember, forget };
      return JSON.stringify(effect);
    },

    async apply(sessionId) {
      const texts = await client.lrange(keys.session(sessionId).effects, 0, -1);
      for (const text of texts) await applyOne(sessionId, text);
    },
    applyLast: applyOne,
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
