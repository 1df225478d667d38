import { expect, test } from "vitest";

import { costOf, ownUsage, Price, requirePrices, usesOf } from "../../src/agent/prices.ts";

const prices = {
  "a/x": { input: 2, cachedInput: 0.5, output: 10 },
  "b/y": { input: 1, output: 1 },
};
const million = 1_000_000;

test("fresh input, cached input and output have their prices", () => {
  const usage = { inputTokens: million, cachedInputTokens: 400_000, outputTokens: 100_000 };
  expect(costOf([{ model: "a/x", usage }], prices)).toBeCloseTo(0.6 * 2 + 0.4 * 0.5 + 1);
  // Without a price of its own, cached input costs what input does.
  expect(costOf([{ model: "b/y", usage }], prices)).toBeCloseTo(1.1);
});

test("what was written to the cache has its price, and counts as input where it has none", () => {
  const usage = {
    inputTokens: million,
    cachedInputTokens: 400_000,
    cacheWriteTokens: 200_000,
    outputTokens: 0,
  };
  const price = { input: 2, cachedInput: 0.5, output: 10 };
  const written = { "a/x": { ...price, cacheWrite: 2.5 } };
  expect(costOf([{ model: "a/x", usage }], written)).toBeCloseTo(0.4 * 2 + 0.4 * 0.5 + 0.2 * 2.5);
  expect(costOf([{ model: "a/x", usage }], { "a/x": price })).toBeCloseTo(0.6 * 2 + 0.4 * 0.5);
  const failed = { model: "a/x", usage: { ...usage, inputTokens: 1, cacheWriteTokens: 50_000 } };
  const response = { text: "", toolCalls: [], usage, failed: [failed] };
  expect(ownUsage(response).cacheWriteTokens).toBe(150_000);
});

test("a model without a price makes the cost unknown, unless it used nothing", () => {
  const usage = { inputTokens: 1, outputTokens: 0 };
  expect(costOf([{ model: "c/z", usage }], prices)).toBeUndefined();
  expect(costOf([{ model: "c/z", usage: { inputTokens: 0, outputTokens: 0 } }], prices)).toBe(0);
});

test("failed tries are priced by the model that failed", () => {
  const failed = [{ model: "a/x", usage: { inputTokens: million, outputTokens: 0 } }];
  const usage = { inputTokens: 3 * million, outputTokens: 0 };
  const response = { text: "", toolCalls: [], usage, model: "b/y", failed };
  expect(ownUsage(response).inputTokens).toBe(2 * million);
  expect(costOf(usesOf(response, "a/x | b/y"), prices)).toBe(2 + 2);
});

test("a budget of money needs a price of every model that may answer", () => {
  expect(() => requirePrices({ name: "a | b", names: ["a/x", "b/y"] }, prices)).not.toThrow();
  expect(() => requirePrices({ name: "a | c", names: ["a/x", "c/z"] }, prices)).toThrow('"c/z"');
  expect(() => requirePrices({ name: "c/z" }, prices)).toThrow("prices");
});

test("a price is a number of dollars, or it is a mistake", () => {
  expect(Price.safeParse({ input: 1, output: -1 }).success).toBe(false);
  expect(Price.safeParse({ input: 1, output: 1, cached: 0.1 }).success).toBe(false);
});
