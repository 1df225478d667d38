import { expect, test } from "vitest";

import type { ModelRequest } from "../../../src/agent/model.ts";
import { say as sayOpenai } from "../../../src/testing/twins/openai/steps.ts";
import { say as sayAnthropic } from "../../../src/testing/twins/scripting/step.ts";
import { start as startAnthropic } from "./anthropic/support.ts";
import { start as startCompatible } from "./compatible/support.ts";
import { ask, open, requestOf, user } from "./openai/twin-model.ts";

const settings: ModelRequest["settings"] = {
  maxOutputTokens: 900,
  temperature: 0.1,
  effort: "low",
};

test("an agent's settings take the place of the driver's: OpenAI", async () => {
  const reasoning = { effort: "high", summary: "auto" } as const;
  await using reasons = await open([sayOpenai("ok")], { reasoning, background: false });
  await ask(reasons.model, requestOf([user("Hi.")], { settings }));
  expect(reasons.bodies()[0]).toMatchObject({
    max_output_tokens: 900,
    reasoning: { effort: "low", summary: "auto" },
  });
  expect(reasons.bodies()[0]).not.toHaveProperty("temperature");
  await using plain = await open(
    [sayOpenai("ok")],
    { model: "gpt-4.1" },
    { models: { "gpt-4.1": 1_000_000 } },
  );
  await ask(plain.model, requestOf([user("Hi.")], { settings }));
  expect(plain.bodies()[0]).toMatchObject({ temperature: 0.1 });
  expect(plain.bodies()[0]).not.toHaveProperty("reasoning");
});

test("an agent's settings take the place of the driver's: Anthropic", async () => {
  await using s = await startAnthropic([sayAnthropic("ok"), sayAnthropic("ok")], {
    model: "claude-sonnet-5-5",
    twin: { models: [{ id: "claude-sonnet-5-5", maxOutputTokens: 128_000 }] },
  });
  await s.ask({ settings: { ...settings, maxOutputTokens: 900 } });
  expect(s.body()).toMatchObject({ max_tokens: 900, output_config: { effort: "low" } });
  await s.ask({ settings: { maxOutputTokens: 1_000_000 } });
  expect(s.body()).toMatchObject({ max_tokens: 128_000 });
  expect(s.body()).not.toHaveProperty("output_config");
});

test("thoughts keep their room, and what a model does not know is left out: Anthropic", async () => {
  await using s = await startAnthropic([sayAnthropic("ok")], {
    model: "claude-sonnet-4-5",
    thinking: { budgetTokens: 2_000 },
    twin: { models: ["claude-sonnet-4-5"] },
  });
  await s.ask({ settings });
  expect(s.body()).toMatchObject({ max_tokens: 2_001 });
  expect(s.body()).not.toHaveProperty("output_config");
});

test("an agent's settings take the place of the driver's: a server of one's own", async () => {
  await using s = await startCompatible({ script: [sayAnthropic("ok")] }, { maxOutputTokens: 5 });
  await s.ask({ settings });
  expect(s.body()).toMatchObject({ max_tokens: 900, temperature: 0.1, reasoning_effort: "low" });
});
