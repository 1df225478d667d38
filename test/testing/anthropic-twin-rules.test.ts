import Anthropic from "@anthropic-ai/sdk";
import { expect, test } from "vitest";

import { anthropicTwin } from "../../src/testing/twins/anthropic-twin.ts";
import { sign } from "../../src/testing/twins/anthropic/thinking.ts";
import { say } from "../../src/testing/twins/scripting/step.ts";

/** What differs from a request that is accepted. `null` takes a field away. */
type Change = Readonly<Record<string, unknown>>;

const shell = { name: "shell", input_schema: { type: "object" } };
const ask = { role: "user", content: "Is the disk full?" };
const use = (id: string, name = "shell") => ({ type: "tool_use", id, name, input: {} });
const result = (id: string, more: object = {}) => ({
  type: "tool_result",
  tool_use_id: id,
  content: "ok",
  ...more,
});
const user = (...content: object[]) => ({ role: "user", content });
const assistant = (...content: object[]) => ({ role: "assistant", content });
const text = (words: string, more: object = {}) => ({ type: "text", text: words, ...more });
const cached = { cache_control: { type: "ephemeral" } };
const asking = (...messages: object[]): Change => ({
  tools: [shell],
  messages: [ask, ...messages],
});

async function answered(change: Change, headers: Record<string, string> = {}): Promise<string> {
  await using twin = await anthropicTwin({
    script: () => say("Yes."),
    models: [
      "claude-new",
      {
        id: "claude-old",
        prefill: true,
        countsMaxTokens: true,
        contextTokens: 9_000,
        maxOutputTokens: 8_192,
      },
    ],
  });
  const client = new Anthropic({ baseURL: twin.url, apiKey: "any", maxRetries: 0 });
  const body = { model: "claude-new", max_tokens: 1_000, messages: [ask], ...change };
  const kept = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  try {
    const message = await client.messages.create(
      kept as unknown as Anthropic.MessageCreateParamsNonStreaming,
      { headers },
    );
    return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
  } catch (error) {
    if (!(error instanceof Anthropic.APIError)) throw error;
    return `${error.status} ${error.type}: ${error.apiMessage}`;
  }
}

const editing = { "anthropic-beta": "context-management-2025-06-27" };
const compacting = { "anthropic-beta": "compact-2026-01-12,context-management-2025-06-27" };

test.each<[string, Change, Record<string, string>?]>([
  ["a plain question", {}],
  [
    "every field",
    {
      system: "Be short.",
      tools: [shell],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
      stop_sequences: ["END"],
      metadata: { user_id: "u1" },
      thinking: { type: "disabled" },
      output_config: { effort: "low" },
    },
  ],
  ["system as blocks", { system: [text("Be short.", cached)] }],
  ["consecutive messages of one role", { messages: [ask, ask] }],
  [
    "an image",
    {
      messages: [
        user({
          type: "image",
          source: { type: "base64", media_type: "image/png", data: "iVBORw==" },
        }),
      ],
    },
  ],
  [
    "an answered call",
    asking(assistant(text("I look."), use("toolu_1")), user(result("toolu_1"), text("And?"))),
  ],
  [
    "two calls answered in any order",
    asking(assistant(use("a"), use("b")), user(result("b"), result("a", { is_error: true }))),
  ],
  [
    "a result that is empty",
    asking(assistant(use("a")), user({ type: "tool_result", tool_use_id: "a" })),
  ],
  ["a result of blocks", asking(assistant(use("a")), user(result("a", { content: [text("ok")] })))],
  [
    "tools the model was trained on",
    {
      tools: [
        { type: "bash_20250124", name: "bash" },
        {
          type: "text_editor_20250728",
          name: "str_replace_based_edit_tool",
          max_characters: 9_000,
        },
        { type: "memory_20250818", name: "memory" },
      ],
    },
  ],
  [
    "a strict tool",
    {
      tools: [
        { ...shell, strict: true, input_schema: { type: "object", additionalProperties: false } },
      ],
      tool_choice: { type: "tool", name: "shell" },
    },
  ],
  [
    "four breakpoints",
    {
      tools: [{ ...shell, ...cached }],
      system: [text("a", cached)],
      messages: [user(text("b", cached), text("c", cached))],
    },
  ],
  [
    "a budget for thinking",
    { thinking: { type: "enabled", budget_tokens: 1_024 }, max_tokens: 2_000 },
  ],
  [
    "adaptive thinking",
    { thinking: { type: "adaptive" }, tools: [shell], tool_choice: { type: "auto" } },
  ],
  [
    "a prefill, for a model that takes one",
    { model: "claude-old", messages: [ask, assistant(text("It is"))] },
  ],
  [
    "edits of the context",
    {
      context_management: {
        edits: [
          {
            type: "clear_tool_uses_20250919",
            keep: { type: "tool_uses", value: 3 },
            exclude_tools: ["memory"],
          },
        ],
      },
    },
    editing,
  ],
  [
    "compaction",
    {
      context_management: {
        edits: [{ type: "compact_20260112", trigger: { type: "input_tokens", value: 50_000 } }],
      },
    },
    compacting,
  ],
  [
    "a temperature, in the version that had it",
    { temperature: 0.5, top_p: 1, top_k: 40 },
    { "anthropic-version": "2023-06-01" },
  ],
  [
    "a thought of an earlier turn",
    {
      messages: [
        ask,
        assistant({ type: "thinking", thinking: "Hm.", signature: sign("Hm.") }, text("Yes.")),
        ask,
      ],
    },
  ],
  [
    "a compacted conversation",
    {
      messages: [
        ask,
        assistant({ type: "compaction", content: "x", encrypted_content: sign("x") }),
        ask,
      ],
    },
    compacting,
  ],
])("accepts %s", async (_, change, headers) => {
  expect(await answered(change, headers)).toBe("Yes.");
});

test.each<[string, Change, string, Record<string, string>?]>([
  ["no max_tokens", { max_tokens: null }, "max_tokens: Field required"],
  [
    "too many max_tokens",
    { model: "claude-old", max_tokens: 9_000 },
    "max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens for claude-old",
  ],
  [
    "an unknown field",
    { previous_response_id: "x" },
    "previous_response_id: Extra inputs are not permitted",
  ],
  ["no messages", { messages: [] }, "messages: at least one message is required"],
  [
    "an unknown role",
    { messages: [{ role: "tool", content: "x" }] },
    "messages.0.role: Input should be 'user' or 'assistant'",
  ],
  [
    "an answer first",
    { messages: [assistant(text("x")), ask] },
    'messages: first message must use the "user" role',
  ],
  [
    "an empty message",
    { messages: [{ role: "user", content: "" }] },
    "messages.0: all messages must have non-empty content except for the optional final assistant message",
  ],
  [
    "an empty text",
    { messages: [user(text(""))] },
    "messages: text content blocks must be non-empty",
  ],
  [
    "a blank text",
    { messages: [user(text(" \n"))] },
    "messages: text content blocks must contain non-whitespace text",
  ],
  [
    "a cached empty text",
    { messages: [user(text("", cached))] },
    "messages.0.content.0.text: cache_control cannot be set for empty text blocks",
  ],
  [
    "an unknown block",
    { messages: [user({ type: "tool_output" })] },
    "messages.0.content.0: Input tag 'tool_output' found using 'type' does not match any of the expected tags: 'text', 'image'",
  ],
  [
    "a block without its text",
    { messages: [user({ type: "text" })] },
    "messages.0.content.0.text.text: Field required",
  ],
  [
    "a strange image",
    {
      messages: [
        user({ type: "image", source: { type: "base64", media_type: "image/bmp", data: "" } }),
      ],
    },
    "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
  ],
  [
    "a call without input",
    asking(assistant({ type: "tool_use", id: "a", name: "shell" })),
    "messages.1.content.0.tool_use.input: Field required",
  ],
  [
    "input as text",
    asking(assistant({ ...use("a"), input: "{}" })),
    "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
  ],
  [
    "a strange id",
    asking(assistant(use("call 1")), user(result("call 1"))),
    "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
  ],
  [
    "a call by the user",
    { tools: [shell], messages: [user(use("a"))] },
    "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages",
  ],
  [
    "an unanswered call",
    asking(assistant(use("a"), use("b")), user(result("a"))),
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: b. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
  ],
  [
    "a call at the end",
    asking(assistant(use("a"))),
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a.",
  ],
  [
    "text before the result",
    asking(assistant(use("a")), user(text("Here:"), result("a"))),
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a.",
  ],
  [
    "results in two messages",
    asking(assistant(use("a"), use("b")), user(result("a")), user(result("b"))),
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: b.",
  ],
  [
    "an unknown result",
    asking(user(result("z"))),
    "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: z. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
  ],
  [
    "two results of one call",
    asking(assistant(use("a")), user(result("a"), result("a"))),
    "messages.2.content.1: each tool_use must have a single result. Found multiple `tool_result` blocks with id: a",
  ],
  [
    "an id twice",
    asking(assistant(use("a")), user(result("a")), assistant(use("a")), user(result("a"))),
    "messages.3.content.0: `tool_use` ids must be unique",
  ],
  [
    "a failure without words",
    asking(assistant(use("a")), user(result("a", { content: "", is_error: true }))),
    "messages.2.content.0.tool_result: content cannot be empty if `is_error` is true",
  ],
  [
    "an empty text in a result",
    asking(assistant(use("a")), user(result("a", { content: [text("")] }))),
    "messages: text content blocks must be non-empty",
  ],
  [
    "calls without tools",
    { messages: [ask, assistant(use("a")), user(result("a"))] },
    "Requests which include `tool_use` or `tool_result` blocks must define tools.",
  ],
  [
    "a tool without a name",
    { tools: [{ input_schema: { type: "object" } }] },
    "tools.0.custom.name: Field required",
  ],
  [
    "a name with a dot",
    { tools: [{ ...shell, name: "files.read" }] },
    "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
  ],
  [
    "a schema of no object",
    { tools: [{ ...shell, input_schema: { type: "string" } }] },
    "tools.0.custom.input_schema.type: Input should be 'object'",
  ],
  [
    "OpenAI's shape of a tool",
    { tools: [{ type: "function", function: shell }] },
    "tools.0: Input tag 'function' found using 'type' does not match any of the expected tags: 'custom', 'bash_20250124'",
  ],
  [
    "another name for the editor",
    { tools: [{ type: "text_editor_20250728", name: "edit" }] },
    "tools.0.text_editor_20250728.name: Input should be 'str_replace_based_edit_tool'",
  ],
  [
    "another name for bash",
    { tools: [{ type: "bash_20250124", name: "shell" }] },
    "tools.0.bash_20250124.name: Input should be 'bash'",
  ],
  [
    "a schema for the memory",
    { tools: [{ type: "memory_20250818", name: "memory", input_schema: {} }] },
    "tools.0.memory_20250818.input_schema: Extra inputs are not permitted",
  ],
  ["two tools of one name", { tools: [shell, shell] }, "tools: Tool names must be unique."],
  [
    "a strict tool that is not",
    { tools: [{ ...shell, strict: true }] },
    "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
  ],
  [
    "a choice of no tool",
    { tool_choice: { type: "auto" } },
    "`tool_choice` may only be specified while providing `tools`.",
  ],
  [
    "a choice of an unknown tool",
    { tools: [shell], tool_choice: { type: "tool", name: "python" } },
    "Tool 'python' not found in provided tools",
  ],
  [
    "OpenAI's word for a choice",
    { tools: [shell], tool_choice: { type: "required" } },
    "tool_choice: Input tag 'required' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'",
  ],
  [
    "five breakpoints",
    {
      cache_control: { type: "ephemeral" },
      messages: [
        user(text("a", cached), text("b", cached), text("c", cached), text("d", cached), text("e")),
      ],
    },
    "A maximum of 4 blocks with cache_control may be provided. Found 5.",
  ],
  [
    "a long breakpoint after a short one",
    {
      system: [text("a", cached)],
      messages: [user(text("b", { cache_control: { type: "ephemeral", ttl: "1h" } }))],
    },
    "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.",
  ],
  [
    "a small budget",
    { thinking: { type: "enabled", budget_tokens: 10 } },
    "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
  ],
  [
    "a budget above max_tokens",
    { thinking: { type: "enabled", budget_tokens: 1_024 } },
    "`max_tokens` must be greater than `thinking.budget_tokens`.",
  ],
  [
    "a forced call of a thinker",
    { thinking: { type: "adaptive" }, tools: [shell], tool_choice: { type: "any" } },
    "Thinking may not be enabled when tool_choice forces tool use.",
  ],
  [
    "a foreign thought",
    {
      messages: [
        ask,
        assistant({ type: "thinking", thinking: "Hm.", signature: "x" }, text("Yes")),
        ask,
      ],
    },
    "messages.1.content.0: Invalid `signature` in `thinking` block",
  ],
  [
    "a foreign hidden thought",
    { messages: [ask, assistant({ type: "redacted_thinking", data: "x" }, text("Yes")), ask] },
    "messages.1.content.0: Invalid `data` in `redacted_thinking` block",
  ],
  [
    "a breakpoint on a thought",
    {
      messages: [ask, assistant({ type: "thinking", thinking: "", signature: "", ...cached }), ask],
    },
    "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
  ],
  [
    "a call without its thought",
    {
      ...asking(assistant(use("a")), user(result("a"))),
      thinking: { type: "enabled", budget_tokens: 1_024 },
      max_tokens: 2_000,
    },
    "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled,",
  ],
  [
    "a prefill",
    { messages: [ask, assistant(text("It is"))] },
    "This model does not support assistant message prefill. The conversation must end with a user message.",
  ],
  [
    "a prefill that ends in a blank",
    { model: "claude-old", messages: [ask, assistant(text("It is "))] },
    "messages: final assistant content cannot end with trailing whitespace",
  ],
  [
    "a prompt that is too long",
    { messages: [{ role: "user", content: "x".repeat(900_000) }] },
    "prompt is too long: 225007 tokens > 200000 maximum",
  ],
  [
    "no room for max_tokens, before Claude Sonnet 4.5",
    {
      model: "claude-old",
      max_tokens: 8_192,
      messages: [{ role: "user", content: "x".repeat(8_000) }],
    },
    "input length and `max_tokens` exceed context limit: 2007 + 8192 > 9000, decrease input length or `max_tokens` and try again",
  ],
  [
    "edits without the beta",
    { context_management: { edits: [] } },
    "context_management: Extra inputs are not permitted",
  ],
  [
    "compaction without its beta",
    { context_management: { edits: [{ type: "compact_20260112" }] } },
    "context_management.edits.0: Input tag 'compact_20260112' found using 'type' does not match any of the expected tags: 'clear_thinking_20251015', 'clear_tool_uses_20250919'",
    editing,
  ],
  [
    "compaction too early",
    {
      context_management: {
        edits: [{ type: "compact_20260112", trigger: { type: "input_tokens", value: 10 } }],
      },
    },
    "context_management.edits.0: compaction trigger must be at least 50000 tokens",
    compacting,
  ],
  [
    "clearing thoughts of a model that does not think",
    { context_management: { edits: [{ type: "clear_thinking_20251015" }] } },
    "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive",
    editing,
  ],
  [
    "an unknown beta",
    {},
    "Unexpected value(s) `no-such-beta` for the `anthropic-beta` header.",
    { "anthropic-beta": "no-such-beta" },
  ],
  ["a temperature", { temperature: 0.5 }, "temperature: Extra inputs are not permitted"],
  [
    "citations by the user",
    { messages: [user(text("x", { citations: [] }))] },
    "messages.0.content.0.text.citations: Extra inputs are not permitted",
  ],
  [
    "a document by the model",
    { messages: [ask, assistant({ type: "document" }), ask] },
    "messages.1.content.0: `document` blocks can only be in `user` messages",
  ],
  [
    "a thought to go on from, without thinking",
    {
      model: "claude-old",
      messages: [ask, assistant({ type: "thinking", thinking: "Hm.", signature: sign("Hm.") })],
    },
    "messages.1.content.0: When thinking is disabled, an `assistant` message in the final position cannot contain `thinking`.",
  ],
  [
    "a compacted conversation without the beta",
    {
      messages: [
        ask,
        assistant({ type: "compaction", content: "x", encrypted_content: sign("x") }),
        ask,
      ],
    },
    "messages.1.content.0: Input tag 'compaction' found using 'type' does not match any of the expected tags",
  ],
])("refuses %s", async (_, change, message, headers) => {
  const answer = await answered(change, headers);
  expect(answer.slice(0, `400 invalid_request_error: ${message}`.length)).toBe(
    `400 invalid_request_error: ${message}`,
  );
});
