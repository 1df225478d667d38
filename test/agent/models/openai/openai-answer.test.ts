import { expect, test } from "vitest";

import type { Item } from "../../../../src/agent/model.ts";
import { isOpsthreadError } from "../../../../src/core/errors.ts";
import { failed, incomplete } from "../../../../src/testing/twins/openai/faults.ts";
import type { Step } from "../../../../src/testing/twins/openai/script.ts";
import { all, call, refuse, say, think } from "../../../../src/testing/twins/openai/steps.ts";
import { fenced } from "../fenced.ts";
import { ask, open, requestOf, settle, textOf, user } from "./twin-model.ts";

test("only the final answer is the answer; what was said before it is streamed", async () => {
  await using api = await open([
    all(say("Looking.", { phase: "commentary" }), say("All well.", { phase: "final_answer" })),
    all(say("Looking.", { phase: "commentary" }), call("count", { file: "a" })),
  ]);
  const { events, response } = await ask(api.model, requestOf([user("Hi")]));
  expect(response.text).toBe("All well.");
  expect(textOf(events)).toBe("Looking.\n\nAll well.");
  const calling = await ask(api.model, requestOf([user("Hi")]));
  expect(calling.response.text).toBe("Looking.");
  expect(calling.response.toolCalls).toHaveLength(1);
});

test("usage tells what was cached and what was reasoning", async () => {
  await using api = await open([all(think("Hm", { tokens: 77 }), say("a")), say("b")]);
  const items: Item[] = [user("word ".repeat(2000))];
  const first = (await ask(api.model, requestOf(items))).response;
  expect(first.usage).toMatchObject({ reasoningTokens: 77, cachedInputTokens: 0 });
  settle(items, first);
  items.push(user("More"));
  const { usage } = (await ask(api.model, requestOf(items))).response;
  expect(usage.cachedInputTokens).toBeGreaterThan(1024);
  expect(usage.cachedInputTokens).toBeLessThan(usage.inputTokens);
  expect(first.usage.cacheWriteTokens).toBe(first.usage.inputTokens);
  expect(usage.cacheWriteTokens).toBe(usage.inputTokens - (usage.cachedInputTokens ?? 0));
});

test("an answer that ran out of tokens says so", async () => {
  await using api = await open([incomplete(say("The first half"), "max_output_tokens")]);
  const { events, response } = await ask(api.model, requestOf([user("Hi")]));
  expect(response.text).toMatch(/^The first half\n\n\[The answer ends here/);
  expect(textOf(events)).toBe(response.text);
  expect(events.at(-1)).toMatchObject({
    about: { responseId: expect.stringMatching(/^resp_/), finish: "max_output_tokens" },
  });
});

test("of calls that ran out of tokens the whole ones are run", async () => {
  const calls = all(call("count", { file: "a" }), call("count", { file: "b" }));
  await using api = await open([incomplete(calls, "max_output_tokens"), say("3.")]);
  const items: Item[] = [user("Count.")];
  const { response } = await ask(api.model, requestOf(items));
  expect(response.toolCalls.map(({ args }) => args)).toEqual(['{"file":"a"}']);
  settle(items, response);
  await ask(api.model, requestOf(items));
  expect(api.bodies()[1]?.["input"]).toMatchObject([
    { type: "function_call_output", output: fenced("3") },
    { type: "function_call_output", output: expect.stringContaining("Not run") },
  ]);
});

async function failureOf(step: Step): Promise<Readonly<Record<string, unknown>>> {
  await using api = await open([step]);
  try {
    await ask(api.model, requestOf([user("Hi")]));
  } catch (error) {
    if (isOpsthreadError(error, "MODEL_FAILED")) return error.data;
    throw error;
  }
  throw new Error("It answered");
}

test.each<readonly [string, Step, string]>([
  ["nothing but a call that is cut", incomplete(call("count"), "max_output_tokens"), "server"],
  ["the content filter", incomplete(say("Half"), "content_filter"), "refused"],
  ["a refusal", refuse("No."), "refused"],
  ["a failed response", failed(say("a")), "server"],
  ["a failed response at a limit", failed(say("a"), "rate_limit_exceeded"), "rate-limit"],
  ["a prompt that is not wanted", failed(say("a"), "invalid_prompt"), "refused"],
])("%s is a failure of its kind", async (_, step, failure) => {
  expect(await failureOf(step)).toMatchObject({ failure });
});

test("what a refused answer used is told", async () => {
  expect(await failureOf(refuse("No."))).toMatchObject({
    usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
  });
});
