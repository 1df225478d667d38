import { expect, test } from "vitest";

import { BudgetConfig, budgetsOf } from "../../src/agent/budget-config.ts";
import {
  type BudgetScope,
  createBudget,
  defaultBudgets,
  spentScope,
} from "../../src/agent/budget.ts";
import { nothingSpent, type Spent } from "../../src/core/spent.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";

const limits = { steps: 10, tokens: 1_000, usd: 2, ms: 60_000 };
const use = (inputTokens: number, usd = 0) => ({
  steps: 1,
  used: [{ model: "m", usage: { inputTokens, outputTokens: 0 } }],
  usd,
});

function open(scopes: readonly BudgetScope[] = []) {
  const clock = manualClock();
  const usage = { inputTokens: 0, outputTokens: 0 };
  const spent = { steps: 0, usage, startedAt: clock.now() };
  return { clock, budget: createBudget({ limits, spent, scopes, clock }) };
}

const scope = (name: BudgetScope["name"], spent: Partial<Spent>): BudgetScope => ({
  name,
  limits: { tokens: 100, usd: 1 },
  spent: () => Promise.resolve({ ...nothingSpent, ...spent }),
});

test("each limit that is nearly reached is told once", async () => {
  const { budget } = open();
  expect(await budget.state()).toEqual({ type: "open" });
  budget.spend(use(850));
  expect(await budget.state()).toMatchObject({
    type: "near",
    text: expect.stringContaining("850 of 1000 tokens"),
  });
  expect(await budget.state()).toEqual({ type: "near" });
  budget.spend(use(0, 1.7));
  expect(await budget.state()).toMatchObject({ text: expect.stringContaining("$1.70 of $2.00") });
  expect(await budget.state()).toEqual({ type: "near" });
});

test.each([
  [
    "steps",
    async ({ budget }: ReturnType<typeof open>) =>
      Array.from({ length: 10 }, () => budget.spend(use(0))),
  ],
  ["tokens", async ({ budget }: ReturnType<typeof open>) => budget.spend(use(1_000))],
  ["$2.00", async ({ budget }: ReturnType<typeof open>) => budget.spend(use(1, 2))],
  ["seconds", async ({ clock }: ReturnType<typeof open>) => clock.advance(60_000)],
] as const)("a turn is at its end when its %s are", async (what, spend) => {
  const opened = open();
  await spend(opened);
  const state = await opened.budget.state();
  expect(state).toMatchObject({
    type: "spent",
    text: expect.stringContaining("this turn is spent"),
  });
  expect(state.text).toContain(what);
});

test("what a summary or a failed call took counts, and is no step", async () => {
  const { budget } = open();
  budget.spend({ used: use(1_000).used });
  expect(budget.steps).toBe(0);
  expect(await budget.state()).toMatchObject({ type: "spent" });
});

test.each([
  ["session", "this thread"],
  ["channel", "this channel for today"],
  ["day", "budget of today"],
] as const)("the budget of a %s ends a turn that has its own left", async (name, words) => {
  const { budget } = open([scope(name, { usd: 1.5 })]);
  expect(await budget.state()).toMatchObject({
    type: "spent",
    text: expect.stringContaining(words),
  });
});

test("a scope is asked anew each time, since others spend too", async () => {
  let tokens = 0;
  const shared = { ...scope("day", {}), spent: () => ({ ...nothingSpent, tokens }) };
  const { budget } = open([shared]);
  expect(await budget.state()).toEqual({ type: "open" });
  tokens = 90;
  expect(await budget.state()).toMatchObject({ type: "near" });
  tokens = 100;
  expect(await budget.state()).toMatchObject({ type: "spent" });
});

test("what is spent before a turn begins is told with its amount", async () => {
  expect(await spentScope([scope("session", { tokens: 99 })])).toBeUndefined();
  expect(await spentScope([scope("session", {}), scope("channel", { tokens: 120 })])).toEqual({
    scope: "channel",
    text: "The budget of this channel for today is spent (120 of 100 tokens)",
  });
});

test("a limit of nothing is spent", async () => {
  const none = { name: "day" as const, limits: { usd: 0 }, spent: () => nothingSpent };
  expect(await spentScope([none])).toMatchObject({ scope: "day" });
});

test("what is not configured is as by default, and mistakes are found", () => {
  const budgets = budgetsOf(
    BudgetConfig.parse({ turn: { steps: 5, ms: undefined }, day: { usd: 20 } }),
  );
  expect(budgets).toEqual({
    ...defaultBudgets,
    turn: { ...defaultBudgets.turn, steps: 5 },
    day: { usd: 20 },
  });
  expect(BudgetConfig.safeParse({ steps: 5 }).success).toBe(false);
  expect(BudgetConfig.safeParse({ turn: { usd: -1 } }).success).toBe(false);
});
