import type { Budget } from "./budget.ts";

/** The budget of an agent inside a call: what it uses counts in both, and the tighter one decides. */
export function budgetWithin(outer: Budget, own: Budget): Budget {
  return {
    get steps() {
      return own.steps;
    },
    spend(use) {
      own.spend(use);
      outer.spend(use);
    },
    async state() {
      const [mine, theirs] = await Promise.all([own.state(), outer.state()]);
      return urgency[theirs.type] > urgency[mine.type] ? theirs : mine;
    },
  };
}

const urgency = { open: 0, near: 1, spent: 2 };
