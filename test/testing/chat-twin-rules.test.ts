import OpenAI from "openai";
import { expect, test } from "vitest";

import { chatTwin, type ChatTwinOptions } from "../../src/testing/twins/chat-twin.ts";
import { say } from "../../src/testing/twins/scripting/step.ts";

type Change = Readonly<Record<string, unknown>>;
type Setting = Pick<ChatTwinOptions, "dialect" | "quirks">;

const shell = { type: "function", function: { name: "shell", parameters: { type: "object" } } };
const ask = { role: "user", content: "Is the disk full?" };
const called = (...ids: string[]) => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => ({
    id,
    type: "function",
    function: { name: "shell", arguments: "{}" },
  })),
});
const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "93%" });
const talk = (...messages: object[]): Change => ({ tools: [shell], messages: [ask, ...messages] });
const broken = talk(
  {
    ...called("a"),
    tool_calls: [{ id: "a", type: "function", function: { name: "shell", arguments: '{"co' } }],
  },
  result("a"),
);
const long = { messages: [{ role: "user", content: "x".repeat(4_000) }] };

async function answered(change: Change, setting: Setting, apiKey?: string): Promise<string> {
  await using twin = await chatTwin({
    ...setting,
    ...(apiKey === undefined ? {} : { apiKey }),
    script: () => say("Yes."),
    models: [
      { id: "m", contextTokens: 900 },
      { id: "old", tools: false },
    ],
  });
  const client = new OpenAI({ baseURL: `${twin.url}/v1`, apiKey: "any", maxRetries: 0 });
  try {
    const { choices } = await client.chat.completions.create({
      model: "m",
      messages: [ask],
      ...change,
    } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming);
    return choices[0]?.message.content ?? "";
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    return `${error.status} ${JSON.stringify(error.error)}`;
  }
}

const everywhere: readonly ChatTwinOptions["dialect"][] = ["openai", "ollama", "vllm", "llamacpp"];

test.each(everywhere)("%s accepts what is right", async (dialect) => {
  for (const change of [
    {},
    {
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "user",
          content: [
            { type: "text", text: "Well?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw==" } },
          ],
        },
      ],
    },
    talk(called("a", "b"), result("b"), result("a")),
    talk(
      called("a"),
      result("a"),
      called("b"),
      result("b"),
      { role: "assistant", content: "Yes." },
      ask,
    ),
    {
      tools: [shell],
      tool_choice: { type: "function", function: { name: "shell" } },
      parallel_tool_calls: false,
      temperature: 0,
    },
  ])
    expect(await answered(change, { dialect })).toBe("Yes.");
});

test.each(
  everywhere.flatMap((dialect) =>
    [
      [
        "a result of nothing",
        talk(result("a")),
        "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'",
      ],
      [
        "a result of no such call",
        talk(called("a"), result("b")),
        "'tool_call_id' of 'b' not found in 'tool_calls' of previous message",
      ],
      [
        "two results of a call",
        talk(called("a"), result("a"), result("a")),
        "Duplicate value for 'tool_call_id' of 'a'",
      ],
      [
        "an unanswered call",
        talk(called("a", "b"), result("a"), ask),
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: b",
      ],
      ["a call at the end", talk(called("a")), "did not have response messages: a"],
      [
        "a result too late",
        talk(called("a"), ask, result("a")),
        "did not have response messages: a",
      ],
      [
        "a call without an id",
        talk(
          {
            ...called("a"),
            tool_calls: [{ type: "function", function: { name: "shell", arguments: "{}" } }],
          },
          { role: "tool", content: "x" },
        ),
        "Missing required parameter: 'messages[1].tool_calls[0].id'",
      ],
      [
        "an answer without content",
        talk({ role: "assistant", content: null }),
        "expected a string, got null",
      ],
      ["no messages", { messages: [] }, "Invalid value for 'messages'"],
      [
        "an unknown role",
        { messages: [{ role: "function", content: "x" }] },
        "Invalid value for 'messages[0].role'",
      ],
      [
        "a name with a dot",
        { tools: [{ type: "function", function: { name: "files.read" } }] },
        "Invalid value for 'tools[0].function.name'",
      ],
      [
        "arguments as an object",
        talk(
          {
            ...called("a"),
            tool_calls: [{ id: "a", type: "function", function: { name: "shell", arguments: {} } }],
          },
          result("a"),
        ),
        "'messages[1].tool_calls[0].function.arguments': expected a string, but got an object instead",
      ],
      [
        "stream options without a stream",
        { stream_options: { include_usage: true } },
        "'stream_options' parameter is only allowed when 'stream' is enabled",
      ],
    ].map(([name, change, message]) => [dialect, name, change, message] as const),
  ),
)("%s refuses %s", async (dialect, _, change, message) => {
  const answer = await answered(change as Change, { dialect });
  expect(answer).toMatch(/^400 /);
  expect(answer).toContain(message);
});

test.each<[string, Setting, Change, string]>([
  [
    "OpenAI, an unknown field",
    { dialect: "openai" },
    { num_ctx: 1 },
    `400 {"message":"Unknown parameter: 'num_ctx'.","type":"invalid_request_error","param":"num_ctx","code":"unknown_parameter"}`,
  ],
  ["Ollama, an unknown field", { dialect: "ollama" }, { num_ctx: 1 }, "Yes."],
  [
    "OpenAI, no tool at all",
    { dialect: "openai" },
    { tools: [] },
    '400 {"message":"Invalid \'tools\': empty array.',
  ],
  ["vLLM, no tool at all", { dialect: "vllm" }, { tools: [] }, "Yes."],
  ["OpenAI, broken JSON in the history", { dialect: "openai" }, broken, "Yes."],
  [
    "Ollama, broken JSON in the history",
    { dialect: "ollama" },
    broken,
    '400 {"message":"invalid tool call arguments","type":"invalid_request_error","param":null,"code":null}',
  ],
  [
    "vLLM, broken JSON in the history",
    { dialect: "vllm" },
    broken,
    '400 {"message":"Expecting value',
  ],
  [
    "llama.cpp, broken JSON in the history",
    { dialect: "llamacpp" },
    broken,
    '500 {"code":500,"message":"Failed to parse tool call arguments as JSON"',
  ],
  [
    "a server without ids",
    { dialect: "llamacpp", quirks: { callIds: false } },
    talk(
      {
        ...called("a"),
        tool_calls: [{ type: "function", function: { name: "shell", arguments: "{}" } }],
      },
      { role: "tool", content: "x" },
    ),
    "Yes.",
  ],
  [
    "a server with objects",
    { dialect: "llamacpp", quirks: { args: "object" } },
    talk(
      {
        ...called("a"),
        tool_calls: [{ id: "a", type: "function", function: { name: "shell", arguments: {} } }],
      },
      result("a"),
    ),
    "Yes.",
  ],
  [
    "OpenAI, an unknown model",
    { dialect: "openai" },
    { model: "x" },
    '404 {"message":"The model `x` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}',
  ],
  [
    "Ollama, an unknown model",
    { dialect: "ollama" },
    { model: "x" },
    `404 {"message":"model 'x' not found","type":"not_found_error","param":null,"code":null}`,
  ],
  [
    "vLLM, an unknown model",
    { dialect: "vllm" },
    { model: "x" },
    '404 {"message":"The model `x` does not exist.","type":"NotFoundError","param":"model","code":404}',
  ],
  ["llama.cpp, an unknown model", { dialect: "llamacpp" }, { model: "x" }, "Yes."],
  [
    "llama.cpp with several models, an unknown one",
    { dialect: "llamacpp", quirks: { checksModel: true } },
    { model: "x" },
    `404 {"code":404,"message":"model 'x' not found","type":"not_found_error"}`,
  ],
  [
    "OpenAI, a model without tools",
    { dialect: "openai" },
    { model: "old", tools: [shell] },
    `400 {"message":"Unsupported parameter: 'tools' is not supported with this model.","type":"invalid_request_error","param":"tools","code":"unsupported_parameter"}`,
  ],
  [
    "Ollama, a model without tools",
    { dialect: "ollama" },
    { model: "old", tools: [shell] },
    '400 {"message":"registry.ollama.ai/library/old does not support tools","type":"invalid_request_error","param":null,"code":null}',
  ],
  [
    "vLLM, a model without tools",
    { dialect: "vllm" },
    { model: "old", tools: [shell] },
    '400 {"message":"\\"auto\\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set","type":"BadRequestError","param":null,"code":400}',
  ],
  [
    "llama.cpp, a model without tools",
    { dialect: "llamacpp" },
    { model: "old", tools: [shell] },
    '500 {"code":500,"message":"tools param requires --jinja flag","type":"server_error"}',
  ],
  [
    "OpenAI, too long",
    { dialect: "openai" },
    long,
    `400 {"message":"This model's maximum context length is 900 tokens. However, your messages resulted in 1008 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}`,
  ],
  [
    "OpenAI, too much asked for",
    { dialect: "openai" },
    { max_completion_tokens: 890 },
    `400 {"message":"This model's maximum context length is 900 tokens. However, you requested 902 tokens (12 in the messages, 890 in the completion).`,
  ],
  ["Ollama, too long", { dialect: "ollama" }, long, "Yes."],
  [
    "Ollama that does not cut, too long",
    { dialect: "ollama", quirks: { overflow: "error" } },
    long,
    '400 {"message":"{\\"error\\":{\\"code\\":400,\\"message\\":\\"request (1008 tokens) exceeds the available context size (900 tokens), try increasing it\\",\\"type\\":\\"exceed_context_size_error\\"',
  ],
  [
    "vLLM, too long",
    { dialect: "vllm" },
    { ...long, max_tokens: 5 },
    `400 {"message":"This model's maximum context length is 900 tokens. However, you requested 5 output tokens and your prompt contains at least 1008 input tokens, for a total of at least 1013 tokens. Please reduce the length of the input prompt or the number of requested output tokens. (parameter=input_tokens, value=1008)","type":"BadRequestError","param":"input_tokens","code":400}`,
  ],
  [
    "llama.cpp, too long",
    { dialect: "llamacpp" },
    long,
    '400 {"code":400,"message":"request (1008 tokens) exceeds the available context size (900 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":1008,"n_ctx":900}',
  ],
])("%s", async (_, setting, change, answer) => {
  expect((await answered(change, setting)).slice(0, answer.length)).toBe(answer);
});

test.each<[ChatTwinOptions["dialect"], string]>([
  ["openai", '401 {"message":"Incorrect API key provided.'],
  ["ollama", '401 "unauthorized"'],
  ["vllm", '401 "Unauthorized"'],
  ["llamacpp", '401 {"code":401,"message":"Invalid API Key","type":"authentication_error"}'],
])("%s refuses a wrong key", async (dialect, answer) => {
  expect((await answered({}, { dialect }, "secret")).slice(0, answer.length)).toBe(answer);
  expect(await answered({}, { dialect }, "any")).toBe("Yes.");
});

test("only OpenAI asks for a key when none is set", async () => {
  const status = async (dialect: ChatTwinOptions["dialect"]) => {
    await using twin = await chatTwin({ dialect, script: [] });
    return (await fetch(`${twin.url}/v1/models`)).status;
  };
  expect(await Promise.all(everywhere.map(status))).toEqual([401, 200, 200, 200]);
});
