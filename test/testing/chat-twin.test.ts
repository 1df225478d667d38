import OpenAI from "openai";
import { expect, test } from "vitest";

import { chatTwin, type ChatTwinOptions } from "../../src/testing/twins/chat-twin.ts";
import { finished, loading, refuse } from "../../src/testing/twins/chat/answers.ts";
import {
  call,
  cut,
  drop,
  fail,
  interrupt,
  lost,
  say,
  stall,
  think,
  together,
} from "../../src/testing/twins/scripting/step.ts";

const shell: OpenAI.ChatCompletionTool = {
  type: "function",
  function: { name: "shell", parameters: { type: "object" } },
};
const body = {
  model: "local-model",
  messages: [{ role: "user" as const, content: "Is the disk full?" }],
  tools: [shell],
};

async function start(options: ChatTwinOptions) {
  const twin = await chatTwin(options);
  const client = new OpenAI({ baseURL: `${twin.url}/v1`, apiKey: "secret", maxRetries: 0 });
  const create = async () => client.chat.completions.create(body);
  return {
    twin,
    client,
    create,
    message: async () => (await create()).choices[0]?.message,
    /** The choices of all chunks, and the usage. */
    async chunks(more: object = {}) {
      const seen: OpenAI.ChatCompletionChunk[] = [];
      for await (const chunk of await client.chat.completions.create({
        ...body,
        ...more,
        stream: true,
      }))
        seen.push(chunk);
      return seen;
    },
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

const failure = async (
  promise: Promise<unknown>,
): Promise<InstanceType<typeof OpenAI.APIError>> => {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (error instanceof OpenAI.APIError) return error;
  throw new Error(`No error of the API: ${String(error)}`);
};

/** What a client puts together from deltas by index. */
function assembled(chunks: readonly OpenAI.ChatCompletionChunk[]) {
  const calls: { id?: string; name: string; args: string }[] = [];
  let text = "";
  for (const { delta } of chunks.flatMap(({ choices }) => choices)) {
    text += delta.content ?? "";
    for (const { index, id, function: part } of delta.tool_calls ?? []) {
      calls[index] ??= { name: "", args: "" };
      if (id !== undefined) calls[index].id = id;
      calls[index].name += part?.name ?? "";
      calls[index].args += part?.arguments ?? "";
    }
  }
  return { text, calls, finish: chunks.flatMap(({ choices }) => choices).at(-1)?.finish_reason };
}

const twoCalls = together(
  say("I look."),
  call("shell", { command: "df -h /var/lib" }, "call_1"),
  call("shell", {}, "call_2"),
);

test.each<ChatTwinOptions["dialect"]>(["openai", "ollama", "vllm", "llamacpp"])(
  "%s, a tool loop",
  async (dialect) => {
    await using s = await start({
      dialect,
      script: [twoCalls, say("It is 🔥."), twoCalls, say("It is 🔥.")],
    });
    expect(await s.create()).toMatchObject({
      object: "chat.completion",
      model: "local-model",
      choices: [
        {
          finish_reason: "tool_calls",
          message: {
            role: "assistant",
            content: "I look.",
            tool_calls: [
              {
                id: "call_1",
                type: "function",
                function: { name: "shell", arguments: '{"command":"df -h /var/lib"}' },
              },
              { id: "call_2", type: "function", function: { name: "shell", arguments: "{}" } },
            ],
          },
        },
      ],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
    });
    expect(await s.message()).toMatchObject({ content: "It is 🔥." });
    expect(assembled(await s.chunks())).toEqual({
      text: "I look.",
      calls: [
        { id: "call_1", name: "shell", args: '{"command":"df -h /var/lib"}' },
        { id: "call_2", name: "shell", args: "{}" },
      ],
      finish: "tool_calls",
    });
    expect(assembled(await s.chunks())).toEqual({ text: "It is 🔥.", calls: [], finish: "stop" });
  },
);

test("the client's own helper understands a stream", async () => {
  await using s = await start({ dialect: "vllm", script: [twoCalls] });
  const message = await s.client.chat.completions.stream(body).finalMessage();
  expect(message.tool_calls).toMatchObject([{ id: "call_1" }, { id: "call_2" }]);
});

test("usage comes last, when it is asked for, and then [DONE]", async () => {
  await using s = await start({ dialect: "ollama", script: () => say("Yes.") });
  expect((await s.chunks()).some(({ usage }) => usage)).toBe(false);
  expect((await s.chunks({ stream_options: { include_usage: true } })).at(-1)).toMatchObject({
    choices: [],
    usage: { completion_tokens: expect.any(Number) },
  });
  const raw = await fetch(`${s.twin.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ ...body, stream: true }),
  });
  expect(raw.headers.get("content-type")).toBe("text/event-stream");
  expect((await raw.text()).endsWith("data: [DONE]\n\n")).toBe(true);
});

test("calls come whole from Ollama, and in pieces from the others", async () => {
  const deltas = async (dialect: ChatTwinOptions["dialect"]) => {
    await using s = await start({ dialect, script: [call("shell", { command: "ls" }, "call_1")] });
    return (await s.chunks()).map(({ choices }) => choices[0]?.delta);
  };
  expect(await deltas("ollama")).toEqual([
    {
      role: "assistant",
      content: "",
      tool_calls: [
        {
          id: "call_1",
          index: 0,
          type: "function",
          function: { name: "shell", arguments: '{"command":"ls"}' },
        },
      ],
    },
    { role: "assistant", content: "" },
  ]);
  expect(await deltas("llamacpp")).toEqual([
    { role: "assistant", content: null },
    {
      tool_calls: [
        { id: "call_1", index: 0, type: "function", function: { name: "shell", arguments: "" } },
      ],
    },
    { tool_calls: [{ index: 0, function: { arguments: '{"command":"' } }] },
    { tool_calls: [{ index: 0, function: { arguments: 'ls"}' } }] },
    {},
  ]);
});

test("servers that keep to nothing", async () => {
  await using s = await start({
    dialect: "vllm",
    quirks: {
      callIds: false,
      args: "object",
      allAtIndexZero: true,
      emptyContent: "",
      callsFinish: "stop",
    },
    script: () => together(call("shell", { a: 1 }), call("shell", { b: 2 })),
  });
  expect((await s.create()).choices[0]).toMatchObject({
    finish_reason: "stop",
    message: {
      content: "",
      tool_calls: [
        { index: 0, function: { arguments: { a: 1 } } },
        { index: 0, function: { arguments: { b: 2 } } },
      ],
    },
  });
  const calls = (await s.chunks()).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(calls.map(({ id, index }) => ({ id, index }))).toEqual([{ index: 0 }, { index: 0 }]);
});

test.each<[ChatTwinOptions["dialect"], object]>([
  ["openai", {}],
  ["ollama", { reasoning: "I think." }],
  ["vllm", { reasoning: "I think." }],
  ["llamacpp", { reasoning_content: "I think." }],
])("%s, where thoughts are", async (dialect, thought) => {
  await using s = await start({ dialect, script: () => together(think("I think."), say("Yes.")) });
  const message = await s.message();
  expect(message).toMatchObject({ content: "Yes.", ...thought });
  expect(Object.keys(message ?? {}).some((key) => key.startsWith("reasoning"))).toBe(
    dialect !== "openai",
  );
  expect(JSON.stringify(await s.chunks()).includes("I think.")).toBe(dialect !== "openai");
});

test("other reasons to finish", async () => {
  await using s = await start({
    dialect: "openai",
    script: [finished("length", say("It")), finished("content_filter", say("")), refuse("No.")],
  });
  expect((await s.create()).choices[0]).toMatchObject({
    finish_reason: "length",
    message: { content: "It" },
  });
  expect((await s.create()).choices[0]).toMatchObject({
    finish_reason: "content_filter",
    message: { content: "" },
  });
  expect((await s.create()).choices[0]).toMatchObject({
    finish_reason: "stop",
    message: { content: null, refusal: "No." },
  });
});

test("models, in each dialect's way", async () => {
  const models = [{ id: "qwen3", contextTokens: 4_096 }];
  await using v = await start({ dialect: "vllm", models, script: [] });
  expect((await v.client.models.list()).data).toMatchObject([
    { id: "qwen3", object: "model", owned_by: "vllm", max_model_len: 4_096 },
  ]);
  expect(await v.client.models.retrieve("qwen3")).toMatchObject({ id: "qwen3" });
  expect(await failure(v.client.models.retrieve("other"))).toMatchObject({ status: 404 });
  await using l = await start({ dialect: "llamacpp", models, script: [] });
  expect((await l.client.models.list()).data).toMatchObject([{ meta: { n_ctx_train: 4_096 } }]);
  expect(await failure(l.client.embeddings.create({ model: "qwen3", input: "x" }))).toMatchObject({
    status: 404,
  });
});

test("errors of the server", async () => {
  await using s = await start({
    dialect: "llamacpp",
    script: [loading(), fail(429, { retryAfterS: 2 }), fail(500, { message: "CUDA error" })],
  });
  expect(await failure(s.create())).toMatchObject({
    status: 503,
    error: { code: 503, message: "Loading model", type: "unavailable_error" },
  });
  const limited = await failure(s.create());
  expect(limited.status).toBe(429);
  expect(limited.headers?.get("retry-after")).toBe("2");
  expect(await failure(s.create())).toMatchObject({
    status: 500,
    error: { message: "CUDA error", type: "server_error" },
  });
  expect(await failure(s.create())).toMatchObject({
    status: 500,
    error: { message: "Cannot answer request 4: the script has 3 steps" },
  });
  expect(JSON.stringify(s.twin.requests)).not.toContain("secret");
  expect(s.twin.requests).toMatchObject(
    Array.from({ length: 4 }, () => ({ method: "POST", path: "/v1/chat/completions", body })),
  );
});

test("connections that break", async () => {
  await using s = await start({
    dialect: "vllm",
    script: [
      drop(),
      lost(say("Yes.")),
      cut(say("It is full, I say."), 2),
      interrupt(say("It is full."), 1, fail(500, { message: "OOM" })),
      cut(say("No."), 1),
    ],
  });
  await expect(s.create()).rejects.toThrow(OpenAI.APIConnectionError);
  await expect(s.chunks()).rejects.toThrow(OpenAI.APIConnectionError);
  await expect(s.chunks()).rejects.toThrow("terminated");
  expect(await failure(s.chunks())).toMatchObject({ status: undefined, error: { message: "OOM" } });
  await expect(s.create()).rejects.toThrow(OpenAI.APIConnectionError);
});

test("an answer stalls until it is released", async () => {
  await using s = await start({
    dialect: "ollama",
    script: [stall(say("At last."), 1), stall(say("At last."))],
  });
  const streamed = s.chunks();
  await s.twin.stalled();
  s.twin.release();
  expect(assembled(await streamed).text).toBe("At last.");
  const whole = s.message();
  await s.twin.stalled();
  s.twin.release();
  expect(await whole).toMatchObject({ content: "At last." });
});

test("arguments may be broken JSON", async () => {
  await using s = await start({
    dialect: "openai",
    script: () => call("shell", '{"command": "ls'),
  });
  expect((await s.message())?.tool_calls).toMatchObject([
    { function: { arguments: '{"command": "ls' } },
  ]);
  expect(assembled(await s.chunks()).calls).toMatchObject([{ args: '{"command": "ls' }]);
});
