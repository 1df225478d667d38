import { expect, test } from "vitest";

import { systemClock } from "../src/core/clock.ts";
import { type Compaction, openModel } from "../src/open-model.ts";

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

test("conversations are left to the provider where that is wanted, of a model that is named alone", async () => {
  const keys = { openai: "sk-1", anthropic: "sk-2" };
  const options = { keys, tasks: [], clock: systemClock };
  const compactsOf = async (names: readonly string[], compaction?: Compaction) =>
    (await openModel(names, { ...options, ...(compaction && { compaction }) })).capabilities
      .compactsAtTokens;
  const name = "openai/gpt-5.6-luna";
  expect(await compactsOf([name], "provider")).toBe(240_000);
  expect(await compactsOf([name], "own")).toBeUndefined();
  expect(await compactsOf([name])).toBeUndefined();
  expect(await compactsOf([name, "anthropic/claude-sonnet-5"], "provider")).toBeUndefined();
  expect(await compactsOf(["anthropic/claude-sonnet-5"], "provider")).toBeUndefined();
});
