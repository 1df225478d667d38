import { z } from "zod";

import { OpsthreadError } from "../core/errors.ts";
import type { ModelResponse, ModelUse, Usage } from "../core/journal.ts";
import type { Model } from "./model.ts";

/** US dollars per million tokens, as the vendor's price list has them. */
export const Price = z.strictObject({
  input: z.number().nonnegative(),
  /** Of input that the vendor had in its cache. Default: as other input. */
  cachedInput: z.number().nonnegative().optional(),
  /** Of input that the vendor wrote to its cache. Default: as other input. */
  cacheWrite: z.number().nonnegative().optional(),
  output: z.number().nonnegative(),
});
export type Price = z.infer<typeof Price>;

/** Prices by model, as in `openai/gpt-5.6`. There are none built in: they change, and a wrong one is worse than none. */
export type Prices = Readonly<Record<string, Price>>;

/** What these calls cost; undefined when one of the models has no price. */
export function costOf(uses: readonly ModelUse[], prices: Prices): number | undefined {
  let usd = 0;
  for (const { model, usage } of uses) {
    const price = prices[model];
    if (price) usd += priced(usage, price);
    else if (usage.inputTokens + usage.outputTokens > 0) return undefined;
  }
  return usd;
}

function priced(
  { inputTokens, cachedInputTokens = 0, cacheWriteTokens = 0, outputTokens }: Usage,
  { input, cachedInput = input, cacheWrite = input, output }: Price,
): number {
  const cached = Math.min(cachedInputTokens, inputTokens);
  const written = Math.min(cacheWriteTokens, inputTokens - cached);
  const read = cached * cachedInput + written * cacheWrite;
  return (read + (inputTokens - cached - written) * input + outputTokens * output) / 1_000_000;
}

/** An answer's usage by the models that it went to; `asked` is the name of the model that was called. */
export function usesOf(response: ModelResponse, asked: string): readonly ModelUse[] {
  const { failed = [], model = asked } = response;
  return [...failed, { model, usage: ownUsage(response) }];
}

/** Of an answer's usage, what is not of tries that failed. */
export function ownUsage({ usage, failed = [] }: Pick<ModelResponse, "usage" | "failed">): Usage {
  const left = (key: keyof Usage): number =>
    Math.max(
      0,
      failed.reduce((rest, use) => rest - (use.usage[key] ?? 0), usage[key] ?? 0),
    );
  return {
    inputTokens: left("inputTokens"),
    outputTokens: left("outputTokens"),
    ...(usage.cachedInputTokens !== undefined && { cachedInputTokens: left("cachedInputTokens") }),
    ...(usage.cacheWriteTokens !== undefined && { cacheWriteTokens: left("cacheWriteTokens") }),
    ...(usage.reasoningTokens !== undefined && { reasoningTokens: left("reasoningTokens") }),
  };
}

/**
 * Whether a budget of money can be kept at all.
 * @throws {OpsthreadError} `CONFIG_INVALID` when a model that may answer has no price
 */
export function requirePrices(model: Pick<Model, "name" | "names">, prices: Prices): void {
  const names = model.names ?? [model.name];
  const unpriced = names.filter((name) => !prices[name]);
  if (unpriced.length === 0) return;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot keep a budget in US dollars: there is no price of ${unpriced.map((name) => `"${name}"`).join(", ")}; give it in "prices", with 0 for what is free`,
  );
}
