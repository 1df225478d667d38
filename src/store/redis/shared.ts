import { RememberedCall } from "../../core/call-request.ts";
import { parseStored } from "../../core/journal.ts";
import { Spent } from "../../core/spent.ts";
import type { Store } from "../store.ts";
import type { Context } from "./context.ts";
import { kinds, spendField } from "./effects.ts";

/** What holds for all sessions. */
export function shared({ client, keys }: Context): Pick<Store, "spent" | "remembered"> {
  const { spends, remembered, rememberedOrder } = keys.shared;
  return {
    async spent(accounts) {
      if (accounts.length === 0) return [];
      const amounts = await client.hmget(
        spends,
        ...accounts.flatMap((account) => kinds.map((kind) => spendField({ ...account, kind }))),
      );
      return accounts.map((_, index) => {
        const own = kinds.map((kind, at) => [kind, Number(amounts[index * kinds.length + at])]);
        return parseStored(Spent, Object.fromEntries(own), "what was spent");
      });
    },

    async remembered() {
      const members = await client.zrange(rememberedOrder, "0", "-1");
      if (members.length === 0) return [];
      const calls = await client.hmget(remembered, ...members);
      return calls.flatMap((call) =>
        // Forgotten in between.
        call === null ? [] : parseStored(RememberedCall, call, "an approval for all sessions"),
      );
    },
  };
}
