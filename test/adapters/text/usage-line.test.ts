import { expect, test } from "vitest";

import { usageLine } from "../../../src/adapters/text/usage-line.ts";

test.each([
  [
    {
      steps: 12,
      inputTokens: 34_000,
      cachedInputTokens: 25_500,
      outputTokens: 567,
      usd: 0.1234,
      ms: 125_000,
    },
    "12 steps · 34,567 tokens (75 % of the input cached) · $0.12 · 2 min 5 s",
  ],
  [
    { steps: 1, inputTokens: 10, outputTokens: 0, usd: 0.0004, ms: 900 },
    "1 step · 10 tokens · < $0.01 · 1 s",
  ],
  [{ steps: 0, inputTokens: 0, outputTokens: 5, ms: 0 }, "0 steps · 5 tokens · 0 s"],
])("what a turn took is one line", (usage, line) => {
  expect(usageLine(usage)).toBe(line);
});
