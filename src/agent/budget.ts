import type { Clock } from "../core/clock.ts";
import type { ModelUse, Usage } from "../core/journal.ts";
import type { Spent } from "../core/spent.ts";

/** What may be used. */
export interface BudgetLimits {
  /** Answers of the model. */
  readonly steps: number;
  /** Input and output tokens together. */
  readonly tokens: number;
  /** US dollars, by the configured prices. Default: no limit. */
  readonly usd?: number;
  /** Wall time of turns in milliseconds. */
  readonly ms: number;
}

/** Limits by what they are for. A channel's and the day's are for one day, UTC. */
export interface Budgets {
  readonly turn: BudgetLimits;
  readonly session: BudgetLimits;
  readonly channel: Partial<BudgetLimits>;
  readonly day: Partial<BudgetLimits>;
}

export const defaultBudgets: Budgets = {
  turn: { steps: 60, tokens: 1_000_000, ms: 30 * 60_000 },
  session: { steps: 5_000, tokens: 50_000_000, ms: 48 * 60 * 60_000 },
  channel: {},
  day: {},
};

/** A limit besides the turn's own, and what was used of it so far. */
export interface BudgetScope {
  readonly name: "session" | "channel" | "day";
  readonly limits: Partial<BudgetLimits>;
  readonly spent: () => Spent | Promise<Spent>;
}

export interface BudgetOptions {
  readonly limits: BudgetLimits;
  /** What the turn has used before this process took it up. */
  readonly spent: {
    readonly steps: number;
    readonly usage: Usage;
    readonly usd?: number;
    readonly startedAt: number;
  };
  readonly scopes?: readonly BudgetScope[];
  readonly clock: Clock;
}

/** Keeps account of one turn. */
export interface Budget {
  /** Answers of the model in this turn. */
  readonly steps: number;
  /** Counts calls of the model. */
  spend(use: {
    readonly steps?: number;
    readonly used: readonly ModelUse[];
    readonly usd?: number | undefined;
  }): void;
  /** Where the turn stands; `text` is what the model is told, which of each limit it is told once. */
  state(): Promise<{ readonly type: "open" | "near" | "spent"; readonly text?: string }>;
}

export function createBudget({ limits, spent, scopes = [], clock }: BudgetOptions): Budget {
  let { steps, usd = 0 } = spent;
  let tokens = spent.usage.inputTokens + spent.usage.outputTokens;
  const told = new Set<string>();
  const turn = (): Spent => ({ steps, tokens, usd, ms: clock.now() - spent.startedAt });
  const nearUses = async (): Promise<readonly Use[]> => {
    const near = nearUsesOf("turn", limits, turn());
    for (const scope of scopes)
      near.push(...nearUsesOf(scope.name, scope.limits, await scope.spent()));
    return near.toSorted((a, b) => b.share - a.share);
  };
  return {
    get steps() {
      return steps;
    },
    spend(use) {
      steps += use.steps ?? 0;
      usd += use.usd ?? 0;
      for (const { usage } of use.used) tokens += usage.inputTokens + usage.outputTokens;
    },
    async state() {
      const near = await nearUses();
      const [tightest] = near;
      if (tightest && tightest.share >= 1) {
        const text = `The budget of ${scopeWords[tightest.scope]} is spent (${tightest.amount()}). Tools are no longer available. Give your final answer now, and say what is left undone.`;
        return { type: "spent", text };
      }
      const news = near.find(({ id }) => !told.has(id));
      if (!news) return { type: near.length > 0 ? "near" : "open" };
      told.add(news.id);
      const text = `The budget of ${scopeWords[news.scope]} is nearly spent (${news.amount()}). Come to a conclusion.`;
      return { type: "near", text };
    },
  };
}

/** From this share of a limit on, the model is told to come to an end. */
const nearShare = 0.8;

/** The limit of a scope that is used up already, in words for people. */
export async function spentScope(
  scopes: readonly BudgetScope[],
): Promise<{ readonly scope: BudgetScope["name"]; readonly text: string } | undefined> {
  for (const { name, limits, spent } of scopes) {
    const gone = nearUsesOf(name, limits, await spent()).find(({ share }) => share >= 1);
    if (gone)
      return { scope: name, text: `The budget of ${scopeWords[name]} is spent (${gone.amount()})` };
  }
  return undefined;
}

const scopeWords = {
  turn: "this turn",
  session: "this thread",
  channel: "this channel for today",
  day: "today",
} as const;

/** What of one limit is used. */
interface Use {
  readonly id: string;
  readonly scope: keyof typeof scopeWords;
  readonly share: number;
  /** As in `4 of 5 steps`. */
  readonly amount: () => string;
}

/** Those that are nearly, or wholly, used up. */
function nearUsesOf(scope: Use["scope"], limits: Partial<BudgetLimits>, spent: Spent): Use[] {
  const near: Use[] = [];
  for (const { of, unit, show } of measures) {
    const limit = limits[of];
    if (limit === undefined) continue;
    // A limit of nothing is spent before it begins.
    const share = limit <= 0 ? Number.POSITIVE_INFINITY : spent[of] / limit;
    if (share < nearShare) continue;
    const amount = (): string => `${show(spent[of])} of ${show(limit)}${unit}`;
    near.push({ id: `${scope} ${of}`, scope, share, amount });
  }
  return near;
}

const measures: readonly {
  readonly of: keyof BudgetLimits;
  readonly unit: string;
  readonly show: (value: number) => string;
}[] = [
  { of: "steps", unit: " steps", show: (value) => String(Math.round(value)) },
  { of: "tokens", unit: " tokens", show: (value) => String(Math.round(value)) },
  { of: "usd", unit: "", show: (value) => `$${value.toFixed(2)}` },
  { of: "ms", unit: " seconds", show: (value) => String(Math.round(value / 1000)) },
];
