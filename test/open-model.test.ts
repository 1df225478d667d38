import { expect, test } from "vitest";

import { systemClock } from "../src/core/clock.ts";
import { openModel } from "../src/open-model.ts";

const open = (names: readonly string[], keys: Record<string, string> = {}) =>
  openModel(names, { keys, tasks: [], clock: systemClock });

test.each([
  [[], "no model is named"],
  [["gpt-5"], 'expected "openai/<model>"'],
  [["openai/"], 'expected "openai/<model>"'],
  [["openai/gpt-5.6-luna"], "OPENAI_API_KEY"],
  [["anthropic/claude-sonnet-5"], "ANTHROPIC_API_KEY"],
  [["http://127.0.0.1:11434/v1"], "http://host/v1#<model>"],
  [["http://#m"], "http://host/v1#<model>"],
])("%j is refused, and told why", async (names, text) => {
  await expect(open(names)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(text),
  });
});

test("models have the names that they were asked for by, and the smallest window of all", async () => {
  const keys = { openai: "sk-1", anthropic: "sk-2" };
  const one = await open(["openai/gpt-5.6-luna"], keys);
  expect(one.name).toBe("openai/gpt-5.6-luna");
  const chain = await open(
    ["openai/gpt-5.6-luna", "anthropic/claude-sonnet-5", "http://127.0.0.1:9/v1#llama"],
    keys,
  );
  expect(chain.name).toMatch(/^openai\/gpt-5\.6-luna \| anthropic\/claude-sonnet-5 \| /);
  expect(chain.capabilities.contextTokens).toBeLessThanOrEqual(one.capabilities.contextTokens);
  expect((await open(["offline"])).name).toContain("offline");
});
