import { expect, test } from "vitest";

import { call, say } from "../../src/testing/twins/openai/steps.ts";
import { collect, functionTool, model, open, refusal } from "./openai-client.ts";

/** So many tokens. */
const long = (tokens: number): string => "abcd".repeat(tokens);

test("a prompt that is too long is refused, state included", async () => {
  await using api = await open([say("a"), say("b")], { models: { [model]: 3000 } });
  const first = await api.create({ input: long(2000) });
  expect(first.status).toBe("completed");
  const code = "context_length_exceeded";
  const next = { input: long(2000), previous_response_id: first.id };
  expect(await refusal(api.create(next))).toMatchObject({ status: 400, param: "input", code });
  expect(await refusal(api.create({ input: long(3001) }))).toMatchObject({ status: 400, code });
  const other = { input: "hi", instructions: long(3001) };
  expect(await refusal(api.create(other))).toMatchObject({ status: 400, code });
  expect((await api.create({ input: long(3001), truncation: "auto" })).output_text).toBe("b");
});

test("in a stream, a prompt that is too long is an error event", async () => {
  await using api = await open([], { models: { [model]: 100 } });
  const stream = await api.client.responses.create({ model, input: long(101), stream: true });
  const code = "context_length_exceeded";
  expect(await refusal(collect(stream))).toMatchObject({ status: undefined, code });
  expect(api.twin.responses).toEqual([]);
});

test("usage counts the whole prompt, and what of it was cached", async () => {
  await using api = await open([say("a"), say("b"), say("c"), say("d"), say("e")]);
  const input = long(2000);
  const first = await api.create({ input, prompt_cache_key: "thread" });
  expect(first.usage?.input_tokens).toBeGreaterThan(2000);
  expect(first.usage?.input_tokens).toBeLessThan(2050);
  expect(first.usage?.input_tokens_details.cached_tokens).toBe(0);
  const next = await api.create({ input: "more", previous_response_id: first.id });
  expect(next.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? 0);
  expect(next.usage?.input_tokens_details.cached_tokens).toBe(1920);
  const messages = [
    { role: "user", content: input },
    { role: "user", content: "more" },
  ];
  const same = await api.create({ input: messages, prompt_cache_key: "thread" });
  expect(same.usage?.input_tokens_details.cached_tokens).toBe(1920);
  const other = await api.create({ input: messages, prompt_cache_key: "other" });
  expect(other.usage?.input_tokens_details.cached_tokens).toBe(0);
  const changed = { input, instructions: "!", prompt_cache_key: "thread" };
  expect((await api.create(changed)).usage?.input_tokens_details.cached_tokens).toBe(0);
  expect(api.twin.requests[0]?.body).toMatchObject({ prompt_cache_key: "thread" });
});

test("tokens are counted as a response would count them", async () => {
  await using api = await open([say("a"), say("b")]);
  const first = await api.create({ input: long(500) });
  const request = { model, input: "more", previous_response_id: first.id, tools: [functionTool] };
  const counted = await api.client.responses.inputTokens.count(request);
  const next = await api.create(request);
  expect(counted).toEqual({
    object: "response.input_tokens",
    input_tokens: next.usage?.input_tokens,
  });
  const unknown = api.client.responses.inputTokens.count({ model: "other", input: "hi" });
  expect(await refusal(unknown)).toMatchObject({ status: 400, code: "model_not_found" });
});

test("the server compacts over the threshold, and the compaction stands for what was before", async () => {
  await using api = await open([
    call("ping", {}, { callId: "call_1" }),
    say("done"),
    say("more"),
    say("again"),
  ]);
  const tools = [functionTool];
  const management = { context_management: [{ type: "compaction", compact_threshold: 1000 }] };
  const first = await api.create({ input: "hi", tools, ...management });
  expect(first.output.map(({ type }) => type)).toEqual(["function_call"]);
  const output = { type: "function_call_output", call_id: "call_1", output: long(2000) };
  const next = { input: [output], previous_response_id: first.id, ...management };
  const second = await api.create(next);
  expect(second.output.map(({ type }) => type)).toEqual(["compaction", "message"]);
  expect(second.usage?.input_tokens).toBeGreaterThan(2000);
  const third = await api.create({ input: "more", previous_response_id: second.id, ...management });
  expect(third.output.map(({ type }) => type)).toEqual(["message"]);
  expect(third.usage?.input_tokens).toBeLessThan(200);
  // Without state, the client may drop what was before the compaction, or not.
  const user = { role: "user", content: "again" };
  const again = await api.create({ input: [...second.output, user], store: false });
  expect(again.usage?.input_tokens).toBeLessThan(200);
});

test("a trigger at the end of the input compacts at once, and takes no step of the script", async () => {
  await using api = await open([say("a")]);
  const user = { role: "user", content: long(2000) };
  const compacted = await api.create({ input: [user, { type: "compaction_trigger" }] });
  expect(compacted.output.map(({ type }) => type)).toEqual(["compaction"]);
  const next = await api.create({ input: "hi", previous_response_id: compacted.id });
  expect(next).toMatchObject({ output_text: "a" });
  expect(next.usage?.input_tokens).toBeLessThan(100);
});

test("a conversation is compacted to the user's messages and one item", async () => {
  await using api = await open([call("ping", {}, { callId: "call_1" }), say("done"), say("b")]);
  const first = await api.create({ input: "hi", tools: [functionTool] });
  const open1 = api.client.responses.compact({ model, previous_response_id: first.id });
  expect((await refusal(open1)).message).toContain("No tool output found");
  const output = { type: "function_call_output", call_id: "call_1", output: long(2000) };
  const second = await api.create({ input: [output], previous_response_id: first.id });
  const compacted = await api.client.responses.compact({ model, previous_response_id: second.id });
  expect(compacted).toMatchObject({
    object: "response.compaction",
    output: [{ type: "message", role: "user" }, { type: "compaction" }],
  });
  expect(compacted.usage.input_tokens).toBeGreaterThan(2000);
  const next = await api.create({
    input: [...compacted.output, { role: "user", content: "more" }],
  });
  expect(next.output_text).toBe("b");
  expect(next.usage?.input_tokens).toBeLessThan(200);
});
