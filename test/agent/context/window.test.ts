import { expect, test } from "vitest";

import { contextWindow } from "../../../src/agent/context/window.ts";
import type { Model } from "../../../src/agent/model.ts";

const windowOf = (capabilities: Model["capabilities"], instructions = "") =>
  contextWindow({ ...model, capabilities }, { instructions, tools: [] });
const model: Omit<Model, "capabilities"> = { name: "test", async *respond() {} };
const counted = (estimated: number, inputTokens: number) => ({
  estimated,
  usage: { inputTokens, outputTokens: 0 },
});

test("without a count, the estimate is taken for dense text", () => {
  const window = windowOf({ contextTokens: 10_000 });
  expect(window.excess({ tokens: 5_000 }, "limit")).toBeLessThan(0);
  expect(window.excess({ tokens: 5_700 }, "limit")).toBeGreaterThan(0);
});

test("what the provider counted corrects the estimate, both ways", () => {
  const window = windowOf({ contextTokens: 10_000 });
  expect(window.excess({ tokens: 4_000, counted: counted(4_000, 8_000) }, "limit")).toBeGreaterThan(
    0,
  );
  expect(window.excess({ tokens: 8_000, counted: counted(8_000, 6_000) }, "limit")).toBeLessThan(0);
});

test.each([
  ["little text", counted(50, 500)],
  ["a model that does not count", counted(5_000, 0)],
  ["a model that counts something else", counted(5_000, 1_100)],
])("the count of %s says nothing of the tokenizer", (_, count) => {
  const window = windowOf({ contextTokens: 10_000 });
  expect(window.room({ tokens: 5_000, counted: count })).toBe(window.room({ tokens: 5_000 }));
});

test("instructions, tools and the longest answer take their part", () => {
  const long = "i".repeat(12_000);
  const plain = windowOf({ contextTokens: 10_000 });
  expect(windowOf({ contextTokens: 10_000 }, long).room({ tokens: 0 })).toBeLessThan(
    plain.room({ tokens: 0 }) - 2_000,
  );
  expect(windowOf({ contextTokens: 10_000, outputTokens: 6_000 }).limit).toBe(4_000);
  // One that leaves nothing for the conversation is a mistake, and does not make every step a summary.
  expect(windowOf({ contextTokens: 10_000, outputTokens: 10_000 }).limit).toBe(2_500);
});

test("in doubt is what may fall on either side of the limit because of what is new", () => {
  const window = windowOf({ contextTokens: 10_000 });
  const near = { tokens: 5_500 };
  expect(window.isInDoubt(near)).toBe(true);
  expect(window.isInDoubt({ tokens: 4_000 })).toBe(false);
  expect(window.isInDoubt({ tokens: 8_000 })).toBe(false);
  expect(window.isInDoubt({ ...near, counted: counted(5_500, 6_900) })).toBe(false);
  expect(window.isInDoubt({ tokens: 5_600, counted: counted(5_500, 6_950) })).toBe(true);
  expect(window.isInDoubt({ tokens: 5_600, counted: counted(5_500, 6_500) })).toBe(false);
});

test("after a refusal it asks for less than the window that was refused", () => {
  const window = windowOf({ contextTokens: 10_000 });
  const size = { tokens: 2_000 };
  expect(window.excess(size, "limit")).toBeLessThan(0);
  window.refused(size);
  expect(window.excess(size, "limit")).toBeGreaterThan(0);
});
