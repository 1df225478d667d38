import OpenAI from "openai";
import { expect, test } from "vitest";

import {
  all,
  call,
  patch,
  refuse,
  say,
  shell,
  think,
} from "../../src/testing/twins/openai/steps.ts";
import { collect, functionTool, model, open, refusal } from "./openai-client.ts";

test("the model says what the script says, and the log has what was asked", async () => {
  await using api = await open([say("Hello", { phase: "final_answer" })]);
  const response = await api.create({
    input: "hi",
    instructions: "Be short",
    metadata: { step: "1" },
  });
  expect(response).toMatchObject({
    object: "response",
    status: "completed",
    output_text: "Hello",
    output: [{ type: "message", role: "assistant", phase: "final_answer", status: "completed" }],
    instructions: "Be short",
    metadata: { step: "1" },
    store: true,
  });
  const [request] = api.twin.requests;
  expect(request).toMatchObject({
    index: 0,
    method: "POST",
    path: "/v1/responses",
    body: { input: "hi" },
  });
  expect(request?.headers.authorization).toBeUndefined();
  expect(api.twin.responses.map(({ id }) => id)).toEqual([response.id]);
});

test("one response may hold reasoning, words and several calls", async () => {
  const script = [
    all(
      think("Two hosts", { tokens: 100 }),
      say("Let me see", { phase: "commentary" }),
      call("ping", { host: "a" }, { callId: "call_a" }),
      call("ping", "{not json"),
      shell(["df -h", "free"], { timeoutMs: 1000, maxOutputLength: 500 }),
      patch({ type: "delete_file", path: "a.txt" }),
    ),
    refuse("No"),
  ];
  await using api = await open(script);
  const tools = [
    functionTool,
    { type: "shell", environment: { type: "local" } },
    { type: "apply_patch" },
  ];
  const response = await api.create({ input: "hi", tools, reasoning: { summary: "auto" } });
  expect(response.output).toMatchObject([
    { type: "reasoning", summary: [{ type: "summary_text", text: "Two hosts" }] },
    { type: "message", phase: "commentary" },
    { type: "function_call", call_id: "call_a", name: "ping", arguments: '{"host":"a"}' },
    { type: "function_call", arguments: "{not json" },
    {
      type: "shell_call",
      action: { commands: ["df -h", "free"], timeout_ms: 1000, max_output_length: 500 },
      environment: { type: "local" },
    },
    { type: "apply_patch_call", operation: { type: "delete_file", path: "a.txt" } },
  ]);
  expect(response.usage?.output_tokens_details.reasoning_tokens).toBe(100);
  expect((await api.create({ input: "hi" })).output).toMatchObject([
    { type: "message", content: [{ type: "refusal", refusal: "No" }] },
  ]);
});

test("a script may be a function of the request and all that the model sees", async () => {
  await using api = await open(({ index, body, items }) =>
    say(`${index}: ${items.length} items, ${String(body.input)}`),
  );
  const first = await api.create({ input: "a" });
  expect(first.output_text).toBe("0: 1 items, a");
  const second = await api.create({ input: "b", previous_response_id: first.id });
  expect(second.output_text).toBe("1: 3 items, b");
});

test("a script that does not fit says so", async () => {
  await using api = await open([call("ping"), call("ping"), call("pong", {}, { isMadeUp: true })]);
  const noTool = await refusal(api.create({ input: "hi" }));
  expect(noTool).toMatchObject({ status: 500, code: "script" });
  expect(noTool.message).toContain("Cannot call ping: the request has no such tool");
  const forbidden = await refusal(
    api.create({ input: "hi", tools: [functionTool], tool_choice: "none" }),
  );
  expect(forbidden.message).toContain("tool_choice none");
  expect((await api.create({ input: "hi" })).output[0]).toMatchObject({ name: "pong" });
  const ended = await refusal(api.create({ input: "hi" }));
  expect(ended.message).toContain("Cannot answer response 4: the script has 3 steps");
});

test("the key is checked, and every answer has a request id", async () => {
  await using api = await open([say("a")]);
  const { data, response } = await api.client.responses
    .create({ model, input: "hi" })
    .withResponse();
  expect(data.output_text).toBe("a");
  expect(response.headers.get("x-request-id")).toBe("req_0");
  const baseURL = `${api.twin.url}/v1`;
  const wrong = new OpenAI({ baseURL, apiKey: "sk-wrong", maxRetries: 0 });
  expect(await refusal(wrong.models.list())).toMatchObject({
    status: 401,
    code: "invalid_api_key",
  });
  const missing = await fetch(`${baseURL}/models`);
  expect(missing.status).toBe(401);
  expect(await missing.json()).toMatchObject({
    error: { type: "invalid_request_error", code: null },
  });
});

test("models are known or not", async () => {
  await using api = await open([say("a")], { models: { small: 1000 } });
  const models = await collect(api.client.models.list());
  expect(models.map(({ id }) => id)).toEqual(["small"]);
  expect(await api.client.models.retrieve("small")).toMatchObject({ object: "model" });
  const unknown = { code: "model_not_found", param: "model" };
  expect(await refusal(api.client.models.retrieve("big"))).toMatchObject({
    status: 404,
    ...unknown,
  });
  expect(await refusal(api.create({ model: "big", input: "hi" }))).toMatchObject({
    status: 400,
    ...unknown,
  });
  expect((await api.create({ model: "small", input: "hi" })).model).toBe("small");
});

test("a stored response can be retrieved, listed and deleted", async () => {
  await using api = await open([say("a"), say("b")]);
  const { responses } = api.client;
  const { id } = await api.create({
    input: [
      { role: "user", content: "one" },
      { role: "user", content: "two" },
    ],
  });
  expect(await responses.retrieve(id)).toMatchObject({ id, output_text: "a" });
  const ascending = await collect(responses.inputItems.list(id, { order: "asc", limit: 1 }));
  expect(ascending).toMatchObject([
    { content: [{ type: "input_text", text: "one" }] },
    { content: [{ text: "two" }] },
  ]);
  const [latest] = (await responses.inputItems.list(id)).data;
  expect(latest).toMatchObject({ content: [{ text: "two" }] });
  await responses.delete(id);
  expect(await refusal(responses.retrieve(id))).toMatchObject({ status: 404 });
  expect(await refusal(responses.delete(id))).toMatchObject({ status: 404 });
  const unstored = await api.create({ input: "hi", store: false });
  expect(await refusal(responses.retrieve(unstored.id))).toMatchObject({ status: 404 });
});

test("what there is not is a 404", async () => {
  await using api = await open();
  expect(await refusal(api.client.files.list())).toMatchObject({ status: 404 });
});
