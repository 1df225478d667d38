import Anthropic from "@anthropic-ai/sdk";
import { expect, test } from "vitest";

import {
  anthropicTwin,
  type AnthropicTwinOptions,
} from "../../src/testing/twins/anthropic-twin.ts";
import {
  type AnthropicScript,
  compacted,
  overloadedAfter,
  pause,
  redactedThinking,
  refuse,
  serverCall,
  stopped,
} from "../../src/testing/twins/anthropic/answers.ts";
import {
  call,
  cut,
  drop,
  fail,
  lost,
  say,
  stall,
  think,
  together,
} from "../../src/testing/twins/scripting/step.ts";

const model = "claude-sonnet-5-5";
const shell: Anthropic.Tool = { name: "shell", input_schema: { type: "object" } };
const question: Anthropic.MessageParam = { role: "user", content: "Is the disk full?" };
const asked = { model, max_tokens: 1_000, messages: [question], tools: [shell] };
const ephemeral = { type: "ephemeral" as const };

async function start(script: AnthropicScript, options: Partial<AnthropicTwinOptions> = {}) {
  const twin = await anthropicTwin({ script, ...options });
  const client = new Anthropic({ baseURL: twin.url, apiKey: "secret", maxRetries: 0 });
  return {
    twin,
    client,
    /** Both ways of asking must come to the same. */
    ask: async (body: Anthropic.MessageCreateParamsNonStreaming, streams: boolean) =>
      streams ? client.messages.stream(body).finalMessage() : client.messages.create(body),
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

const failure = async (
  promise: Promise<unknown>,
): Promise<InstanceType<typeof Anthropic.APIError>> => {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (error instanceof Anthropic.APIError) return error;
  throw new Error(`No error of the API: ${String(error)}`);
};

test.each([false, true])("a tool loop with thoughts, streaming %s", async (streams) => {
  await using s = await start([
    together(
      think("I look at the disk."),
      redactedThinking(),
      say("Let me see."),
      call("shell", { command: "df -h" }),
      call("shell", {}, "toolu_second"),
    ),
    say("It is at 93 % — 🔥."),
  ]);
  const body = {
    ...asked,
    max_tokens: 2_000,
    thinking: { type: "enabled" as const, budget_tokens: 1_024 },
  };
  const first = await s.ask(body, streams);
  expect(first).toMatchObject({
    id: expect.stringMatching(/^msg_/),
    model,
    stop_reason: "tool_use",
    stop_details: null,
    content: [
      {
        type: "thinking",
        thinking: "I look at the disk.",
        signature: expect.stringMatching(/.{20}/),
      },
      { type: "redacted_thinking" },
      { type: "text", text: "Let me see." },
      {
        type: "tool_use",
        id: expect.stringMatching(/^toolu_01/),
        name: "shell",
        input: { command: "df -h" },
      },
      { type: "tool_use", id: "toolu_second", name: "shell", input: {} },
    ],
  });
  const results: Anthropic.MessageParam = {
    role: "user",
    content: first.content.flatMap((block) =>
      block.type === "tool_use"
        ? [{ type: "tool_result" as const, tool_use_id: block.id, content: "93%" }]
        : [],
    ),
  };
  const back = (content: Anthropic.ContentBlockParam[]) => ({
    ...body,
    messages: [question, { role: "assistant" as const, content }, results],
  });
  const [thought, ...rest] = first.content;
  if (thought?.type !== "thinking") throw new Error("No thought");
  expect((await failure(s.ask(back(rest), streams))).apiMessage).toContain(
    "`redacted_thinking` blocks in the latest assistant message cannot be modified",
  );
  expect(
    (await failure(s.ask(back([{ ...thought, thinking: "Else." }, ...rest]), streams))).apiMessage,
  ).toBe("messages.1.content.0: Invalid `signature` in `thinking` block");
  const last = await s.ask(back(first.content), streams);
  expect(last).toMatchObject({
    stop_reason: "end_turn",
    content: [{ type: "text", text: "It is at 93 % — 🔥." }],
  });
  expect(last.usage.input_tokens).toBeGreaterThan(first.usage.input_tokens);
});

test("a stream brings the documented events", async () => {
  await using s = await start([together(think("Hm."), call("shell", { command: "ls" }))]);
  const types: string[] = [];
  for await (const event of await s.client.messages.create({ ...asked, stream: true }))
    types.push(event.type === "content_block_delta" ? event.delta.type : event.type);
  expect(types.join(" ")).toBe(
    "message_start content_block_start thinking_delta signature_delta content_block_stop content_block_start " +
      "input_json_delta input_json_delta input_json_delta content_block_stop message_delta message_stop",
  );
});

test.each([false, true])("every reason to stop, streaming %s", async (streams) => {
  await using s = await start([
    stopped("max_tokens", say("It is")),
    stopped("stop_sequence", say("It is")),
    stopped("model_context_window_exceeded", say("It is")),
    refuse({ category: "cyber", explanation: "No." }, say("I")),
  ]);
  const body = { ...asked, stop_sequences: ["END"] };
  expect((await s.ask(body, streams)).stop_reason).toBe("max_tokens");
  expect(await s.ask(body, streams)).toMatchObject({
    stop_reason: "stop_sequence",
    stop_sequence: "END",
  });
  expect((await s.ask(body, streams)).stop_reason).toBe("model_context_window_exceeded");
  expect(await s.ask(body, streams)).toMatchObject({
    stop_reason: "refusal",
    stop_details: { type: "refusal", category: "cyber", explanation: "No." },
  });
});

test.each([false, true])("a paused turn comes back as it was, streaming %s", async (streams) => {
  await using s = await start([
    pause(together(say("I search."), serverCall("web_search", { query: "df" }))),
    say("Found."),
  ]);
  const { content, stop_reason } = await s.ask(asked, streams);
  expect(stop_reason).toBe("pause_turn");
  const on = (back: Anthropic.ContentBlockParam[]) => ({
    ...asked,
    messages: [question, { role: "assistant" as const, content: back }],
  });
  expect((await failure(s.ask(on(content.slice(0, 1)), streams))).apiMessage).toContain(
    "does not support assistant message prefill",
  );
  expect((await s.ask(on(content), streams)).stop_reason).toBe("end_turn");
});

test("who may come in, and where to", async () => {
  await using s = await start([], {
    apiKey: "secret",
    models: ["claude-a", "claude-b"],
    maxBodyBytes: 500,
  });
  const post = async (headers: Record<string, string>, path = "/v1/messages", body = "{}") => {
    const answer = await fetch(s.twin.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    expect(answer.headers.get("request-id")).toMatch(/^req_/);
    return {
      status: answer.status,
      ...((await answer.json()) as {
        type: string;
        error: { type: string; message: string };
        request_id: string;
      }),
    };
  };
  const key = { "x-api-key": "secret" };
  const version = { "anthropic-version": "2023-06-01" };
  expect(await post(version)).toMatchObject({
    status: 401,
    type: "error",
    error: { type: "authentication_error", message: "x-api-key header is required" },
    request_id: expect.stringMatching(/^req_/),
  });
  expect(await post({ ...version, "x-api-key": "other" })).toMatchObject({
    status: 401,
    error: { message: "invalid x-api-key" },
  });
  expect(await post({ ...version, authorization: "Bearer other" })).toMatchObject({
    status: 401,
    error: { message: "Invalid bearer token" },
  });
  expect(await post(key)).toMatchObject({
    status: 400,
    error: { message: "anthropic-version: header is required" },
  });
  expect(await post({ ...key, "anthropic-version": "2020-01-01" })).toMatchObject({
    status: 400,
    error: { type: "invalid_request_error" },
  });
  expect(await post({ ...key, ...version }, "/v1/complete")).toMatchObject({
    status: 404,
    error: { type: "not_found_error" },
  });
  expect(await post({ ...key, ...version }, "/v1/models")).toMatchObject({ status: 405 });
  expect(
    await post({ ...key, ...version }, "/v1/messages", JSON.stringify("x".repeat(600))),
  ).toMatchObject({ status: 413, error: { type: "request_too_large" } });
  const unknown = await failure(s.client.messages.create({ ...asked, model: "claude-z" }));
  expect(unknown).toMatchObject({
    status: 404,
    type: "not_found_error",
    apiMessage: "model: claude-z",
  });
  expect((await s.client.models.list({ limit: 1 })).data.map(({ id }) => id)).toEqual(["claude-a"]);
  const all: string[] = [];
  for await (const { id } of s.client.models.list({ limit: 1 })) all.push(id);
  expect(all).toEqual(["claude-a", "claude-b"]);
  expect(await s.client.models.retrieve("claude-b")).toMatchObject({
    id: "claude-b",
    max_input_tokens: 200_000,
  });
  expect((await failure(s.client.models.retrieve("claude-z"))).status).toBe(404);
  expect(JSON.stringify(s.twin.requests)).not.toContain("secret");
  expect(s.twin.requests.at(-1)).toMatchObject({ method: "GET", path: "/v1/models/claude-z" });
});

test("tokens are counted without a step of the script, by the same rules", async () => {
  await using s = await start([say("Yes.")]);
  const { max_tokens: _, ...prompt } = asked;
  const { input_tokens } = await s.client.messages.countTokens(prompt);
  expect((await s.client.messages.create(asked)).usage.input_tokens).toBe(input_tokens);
  expect(
    (await failure(s.client.messages.countTokens({ ...prompt, messages: [] }))).apiMessage,
  ).toBe("messages: at least one message is required");
});

test("a script that has run out says so", async () => {
  await using s = await start([say("Yes.")]);
  await s.client.messages.create(asked);
  expect(await failure(s.client.messages.create(asked))).toMatchObject({
    status: 500,
    type: "api_error",
    apiMessage: "Cannot answer request 2: the script has 1 steps",
  });
});

test("a script may be a function", async () => {
  await using s = await start((request, number) =>
    say(`${number} ${request.path} ${JSON.stringify(request.body).length > 10}`),
  );
  expect((await s.client.messages.create(asked)).content).toMatchObject([
    { text: "0 /v1/messages true" },
  ]);
});

test("what a breakpoint covers is written once, then read", async () => {
  await using s = await start(() => say("Yes."), {
    models: [{ id: model, minimumCacheTokens: 20 }],
  });
  const system = [
    { type: "text" as const, text: "You are terse. ".repeat(20), cache_control: ephemeral },
  ];
  const usage = async (more: object) =>
    (await s.client.messages.create({ ...asked, system, ...more })).usage;
  const first = await usage({});
  expect(first.cache_read_input_tokens).toBe(0);
  expect(first.cache_creation_input_tokens).toBeGreaterThan(75);
  const prefix = first.cache_creation_input_tokens ?? 0;
  expect(await usage({})).toMatchObject({
    cache_read_input_tokens: prefix,
    cache_creation_input_tokens: 0,
    input_tokens: first.input_tokens,
  });
  // The conversation grows, and its end is a breakpoint now.
  const grown = await usage({
    messages: [question, { role: "assistant", content: "Yes." }, question],
    cache_control: { type: "ephemeral", ttl: "1h" },
    system: [{ ...system[0], cache_control: { type: "ephemeral", ttl: "1h" } }],
  });
  expect(grown).toMatchObject({
    input_tokens: 0,
    cache_read_input_tokens: prefix,
    cache_creation: {
      ephemeral_5m_input_tokens: 0,
      ephemeral_1h_input_tokens: grown.cache_creation_input_tokens,
    },
  });
  // What comes before it is other: nothing is read.
  expect((await usage({ tools: [{ ...shell, name: "bash" }] })).cache_read_input_tokens).toBe(0);
  s.twin.expireCache();
  expect(await usage({})).toMatchObject({
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: prefix,
  });
  // Too short to be cached.
  expect(
    await usage({ tools: [], system: [{ type: "text", text: "a", cache_control: ephemeral }] }),
  ).toMatchObject({ cache_creation_input_tokens: 0, cache_read_input_tokens: 0 });
});

test("a breakpoint looks back 20 blocks, and the choice of a tool makes only the messages other", async () => {
  await using s = await start(() => say("Yes."), {
    models: [{ id: model, minimumCacheTokens: 1 }],
  });
  const usage = async (blocks: number, more: object = {}) => {
    const content = Array.from({ length: blocks }, (_, index) => ({
      type: "text" as const,
      text: `Line ${index}.`,
    }));
    const messages = [{ role: "user" as const, content }];
    return (
      await s.client.messages.create({
        ...asked,
        tools: [{ ...shell, cache_control: ephemeral }],
        messages,
        cache_control: ephemeral,
        ...more,
      })
    ).usage;
  };
  const { cache_creation_input_tokens: first } = await usage(1);
  expect((await usage(20)).cache_read_input_tokens).toBe(first);
  s.twin.expireCache();
  const tools = (await usage(1, { messages: [question] })).cache_creation_input_tokens ?? 0;
  expect(
    (await usage(21, { messages: [question, ...Array.from({ length: 21 }, () => question)] }))
      .cache_read_input_tokens,
  ).toBeLessThan(tools);
  expect(
    (await usage(1, { messages: [question], tool_choice: { type: "any" } }))
      .cache_read_input_tokens,
  ).toBeLessThan(tools);
  expect(
    (await usage(1, { messages: [question], tool_choice: { type: "any" } }))
      .cache_read_input_tokens,
  ).toBe(tools);
});

test("a script that compacts for a request that does not ask for it is mistaken", async () => {
  await using s = await start([compacted("The disk is full.")]);
  expect((await failure(s.client.messages.create(asked))).apiMessage).toContain(
    "Cannot compact the conversation: the request has no edit compact_20260112",
  );
});

test("old tool results are cleared as the edit says", async () => {
  await using s = await start(() => say("Yes."));
  const turn = (id: string): Anthropic.MessageParam[] => [
    { role: "assistant", content: [{ type: "tool_use", id, name: "shell", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "x".repeat(400) }] },
  ];
  const ask = async (keep: number) =>
    s.client.beta.messages.create({
      ...asked,
      messages: [
        question,
        ...turn("a"),
        ...turn("b"),
        ...turn("c"),
      ] as Anthropic.Beta.BetaMessageParam[],
      betas: ["context-management-2025-06-27"],
      context_management: {
        edits: [
          {
            type: "clear_tool_uses_20250919",
            trigger: { type: "tool_uses", value: 2 },
            keep: { type: "tool_uses", value: keep },
          },
        ],
      },
    });
  const kept = await ask(3);
  expect(kept.context_management).toEqual({ applied_edits: [] });
  const cleared = await ask(1);
  expect(cleared.context_management?.applied_edits).toMatchObject([
    { type: "clear_tool_uses_20250919", cleared_tool_uses: 2 },
  ]);
  expect(kept.usage.input_tokens - cleared.usage.input_tokens).toBeGreaterThan(150);
});

test.each([false, true])("a conversation is compacted, pausing %s", async (pauses) => {
  await using s = await start([
    together(compacted("The disk is full."), say("As I said.")),
    say("So."),
  ]);
  const ask = async (messages: Anthropic.Beta.BetaMessageParam[]) =>
    s.client.beta.messages
      .stream({
        model,
        max_tokens: 1_000,
        messages,
        betas: ["compact-2026-01-12"],
        context_management: {
          edits: [{ type: "compact_20260112", pause_after_compaction: pauses }],
        },
      })
      .finalMessage();
  const long: Anthropic.Beta.BetaMessageParam = { role: "user", content: "x".repeat(4_000) };
  const { content, stop_reason } = await ask([long]);
  expect(stop_reason).toBe(pauses ? "compaction" : "end_turn");
  expect(content.map(({ type }) => type)).toEqual(pauses ? ["compaction"] : ["compaction", "text"]);
  const back = content.map((block) =>
    block.type === "compaction" ? { ...block, content: "Else." } : block,
  );
  const after = (of: Anthropic.Beta.BetaContentBlockParam[]): Anthropic.Beta.BetaMessageParam[] => [
    long,
    { role: "assistant", content: of },
    ...(pauses ? [] : [long]),
  ];
  expect((await failure(ask(after(back)))).apiMessage).toBe(
    "messages.1.content.0: Invalid `encrypted_content` in `compaction` block",
  );
  expect((await ask(after(content))).usage.input_tokens).toBeLessThan(pauses ? 200 : 1_200);
});

test("errors of the server", async () => {
  await using s = await start([
    fail(429, { retryAfterS: 7 }),
    fail(529),
    fail(500),
    fail(413),
    fail(403, { message: "No.", headers: { "x-should-retry": "false" } }),
  ]);
  const limited = await failure(s.client.messages.create(asked));
  expect(limited).toMatchObject({ status: 429, type: "rate_limit_error" });
  expect(limited.headers?.get("retry-after")).toBe("7");
  expect(limited.headers?.get("anthropic-ratelimit-requests-remaining")).toBe("0");
  expect(await failure(s.client.messages.create({ ...asked, stream: true }))).toMatchObject({
    status: 529,
    type: "overloaded_error",
    apiMessage: "Overloaded",
  });
  expect(await failure(s.client.messages.create(asked))).toMatchObject({
    status: 500,
    type: "api_error",
  });
  expect(await failure(s.client.messages.create(asked))).toMatchObject({
    status: 413,
    type: "request_too_large",
  });
  expect(await failure(s.client.messages.create(asked))).toMatchObject({
    status: 403,
    type: "permission_error",
    apiMessage: "No.",
  });
});

test("a refused request takes no step, and a lost answer does", async () => {
  await using s = await start([drop(), lost(say("Lost.")), say("Here.")], {
    models: [{ id: model, minimumCacheTokens: 1 }],
  });
  expect(await failure(s.client.messages.create({ ...asked, messages: [] }))).toMatchObject({
    status: 400,
  });
  const cached = { ...asked, cache_control: ephemeral };
  await expect(s.client.messages.create(cached)).rejects.toThrow(Anthropic.APIConnectionError);
  await expect(s.client.messages.create(cached)).rejects.toThrow(Anthropic.APIConnectionError);
  const { content, usage } = await s.client.messages.create(cached);
  expect(content).toMatchObject([{ text: "Here." }]);
  // The server had taken the request whose answer was lost, so it has cached it.
  expect(usage.cache_read_input_tokens).toBeGreaterThan(0);
  expect(s.twin.requests).toHaveLength(4);
});

test("a stream that breaks off", async () => {
  await using s = await start([
    cut(say("It is full."), 4),
    overloadedAfter(say("It is full."), 4),
    cut(say("No."), 1),
    overloadedAfter(say("No."), 1),
  ]);
  const read = async (seen: string[]) => {
    for await (const event of await s.client.messages.create({ ...asked, stream: true }))
      seen.push(event.type);
  };
  const seen: string[] = [];
  await expect(read(seen)).rejects.toThrow("terminated");
  // The client keeps the ping to itself.
  expect(seen).toEqual(["message_start", "content_block_start", "content_block_delta"]);
  const again: string[] = [];
  expect(await failure(read(again))).toMatchObject({ status: undefined, type: "overloaded_error" });
  expect(again).toEqual(seen);
  await expect(s.client.messages.create(asked)).rejects.toThrow(Anthropic.APIConnectionError);
  expect(await failure(s.client.messages.create(asked))).toMatchObject({ status: 529 });
});

test("an answer stalls until it is released, or the client goes", async () => {
  await using s = await start([
    stall(say("At last."), 3),
    stall(say("At last.")),
    stall(say("Never."), 2),
  ]);
  const streamed = s.client.messages.stream(asked).finalMessage();
  await s.twin.stalled();
  s.twin.release();
  expect((await streamed).content).toMatchObject([{ text: "At last." }]);
  const whole = s.client.messages.create(asked);
  await s.twin.stalled();
  s.twin.release();
  expect((await whole).content).toMatchObject([{ text: "At last." }]);
  const leaving = new AbortController();
  const stream = await s.client.messages.create(
    { ...asked, stream: true },
    { signal: leaving.signal },
  );
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { type } of stream) seen.push(type);
  })();
  await s.twin.stalled();
  leaving.abort();
  await reading;
  expect(seen).toEqual(["message_start"]);
});

test("tool input may be broken JSON, in a stream", async () => {
  await using s = await start([call("shell", '{"command": "ls'), call("shell", '{"command": "ls')]);
  let json = "";
  for await (const event of await s.client.messages.create({ ...asked, stream: true }))
    if (event.type === "content_block_delta" && event.delta.type === "input_json_delta")
      json += event.delta.partial_json;
  expect(json).toBe('{"command": "ls');
  expect((await failure(s.client.messages.create(asked))).apiMessage).toContain(
    "Cannot send malformed tool input",
  );
});
