import type { Clock } from "../core/clock.ts";
import type { Usage } from "../core/journal.ts";

/** What one turn may use. */
export interface BudgetLimits {
  /** Model calls. */
  readonly steps: number;
  /** Input and output tokens together. */
  readonly tokens: number;
  /** Wall time in milliseconds. */
  readonly ms: number;
}

export const defaultBudget: BudgetLimits = { steps: 60, tokens: 1_000_000, ms: 30 * 60_000 };

/** What a turn has used before this process took it up. */
export interface Spent {
  readonly steps: number;
  readonly usage: Usage;
  readonly startedAt: number;
}

/** Keeps account of one turn. */
export interface Budget {
  readonly steps: number;
  readonly usage: Usage;
  /** Counts one model call. */
  spend(usage: Usage): void;
  /** Where the turn stands; `near` and `spent` carry what the model is told. */
  state(): { readonly type: "open" } | { readonly type: "near" | "spent"; readonly text: string };
}

/** From this share of a limit on, the model is told to come to an end. */
const nearShare = 0.8;

export function createBudget(limits: BudgetLimits, spent: Spent, clock: Clock): Budget {
  let { steps } = spent;
  let { inputTokens, outputTokens } = spent.usage;
  return {
    get steps() {
      return steps;
    },
    get usage() {
      return { inputTokens, outputTokens };
    },
    spend(usage) {
      steps += 1;
      inputTokens += usage.inputTokens;
      outputTokens += usage.outputTokens;
    },
    state() {
      const uses = [
        { name: "steps", used: steps, limit: limits.steps },
        { name: "tokens", used: inputTokens + outputTokens, limit: limits.tokens },
        { name: "seconds", used: (clock.now() - spent.startedAt) / 1000, limit: limits.ms / 1000 },
      ];
      const tightest = uses.reduce((a, b) => (b.used / b.limit > a.used / a.limit ? b : a));
      const share = tightest.used / tightest.limit;
      const amount = `${Math.round(tightest.used)} of ${Math.round(tightest.limit)} ${tightest.name}`;
      if (share >= 1)
        return {
          type: "spent",
          text: `The budget of this turn is spent (${amount}). Tools are no longer available. Give your final answer now, and say what is left undone.`,
        };
      if (share >= nearShare)
        return {
          type: "near",
          text: `The budget of this turn is nearly spent (${amount}). Come to a conclusion.`,
        };
      return { type: "open" };
    },
  };
}
