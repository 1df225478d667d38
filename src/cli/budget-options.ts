import { type Command, InvalidArgumentError } from "commander";

import type { BudgetConfig } from "../agent/budget-config.ts";
import type { Price, Prices } from "../agent/prices.ts";

/** What a command is told of what may be used. */
export interface BudgetFlags {
  readonly budgetUsd?: number;
  readonly price?: Prices;
}

/** Adds the options that limit what threads cost. */
export function withBudgetOptions(command: Command): Command {
  return command
    .option("--budget-usd <amount>", "what one thread may cost; needs --price", amount)
    .option(
      "--price <model=input/cached/output>",
      'dollars per million tokens, such as openai/gpt-5.6=1.25/0.125/10, or "input/output"; may be repeated',
      addPrice,
    );
}

/** The same as options of a bot. */
export function budgetOf({ budgetUsd, price }: BudgetFlags): {
  readonly budget?: BudgetConfig;
  readonly prices?: Prices;
} {
  return {
    ...(budgetUsd !== undefined && { budget: { session: { usd: budgetUsd } } }),
    ...(price && { prices: price }),
  };
}

function addPrice(text: string, prices: Prices = {}): Prices {
  const [, model = "", list = ""] = /^(.+)=([\d./]+)$/.exec(text) ?? [];
  const [input, second, third] = list.split("/").map(amount);
  if (input === undefined || second === undefined)
    throw new InvalidArgumentError("Expected model=input/output or model=input/cached/output.");
  const price: Price =
    third === undefined ? { input, output: second } : { input, cachedInput: second, output: third };
  return { ...prices, [model]: price };
}

function amount(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text))
    throw new InvalidArgumentError("Expected an amount, such as 2.50.");
  return Number(text);
}
