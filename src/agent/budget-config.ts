import { z } from "zod";

import { type BudgetLimits, type Budgets, defaultBudgets } from "./budget.ts";

const Limit = z.number().nonnegative().optional();
const Limits = z.strictObject({ steps: Limit, tokens: Limit, usd: Limit, ms: Limit });

/** Where budgets differ from {@link defaultBudgets}. */
export const BudgetConfig = z.strictObject({
  turn: Limits.optional(),
  session: Limits.optional(),
  channel: Limits.optional(),
  day: Limits.optional(),
});
export type BudgetConfig = z.infer<typeof BudgetConfig>;

/** Whether any of them limits money, for which models need prices. */
export const countsMoney = (budgets: Budgets): boolean =>
  Object.values(budgets).some(({ usd }) => usd !== undefined);

export function budgetsOf({ turn, session, channel, day }: BudgetConfig): Budgets {
  return {
    turn: { ...defaultBudgets.turn, ...given(turn) },
    session: { ...defaultBudgets.session, ...given(session) },
    channel: given(channel),
    day: given(day),
  };
}

/** Without what is undefined, which would take a default away. */
const given = (limits: z.infer<typeof Limits> = {}): Partial<BudgetLimits> =>
  Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
