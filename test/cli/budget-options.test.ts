import { Command } from "commander";
import { expect, test } from "vitest";

import { type BudgetFlags, budgetOf, withBudgetOptions } from "../../src/cli/budget-options.ts";

function parsed(...args: readonly string[]) {
  const command = withBudgetOptions(new Command("chat")).exitOverride();
  command.configureOutput({ writeErr: () => {} });
  return budgetOf(command.parse(args, { from: "user" }).opts<BudgetFlags>());
}

test("a thread's cost and the prices of models are options", () => {
  expect(parsed()).toEqual({});
  expect(
    parsed(
      "--budget-usd",
      "2.50",
      "--price",
      "a/x=1.25/0.125/10",
      "--price",
      "compatible/qwen3:8b=0/0",
    ),
  ).toEqual({
    budget: { session: { usd: 2.5 } },
    prices: {
      "a/x": { input: 1.25, cachedInput: 0.125, output: 10 },
      "compatible/qwen3:8b": { input: 0, output: 0 },
    },
  });
});

test.each([
  ["--budget-usd", "much"],
  ["--budget-usd", "-1"],
  ["--price", "a/x"],
  ["--price", "a/x=1"],
  ["--price", "a/x=1//2"],
])("%s %s is refused", (...args) => {
  expect(() => parsed(...args)).toThrow(/Expected/);
});
