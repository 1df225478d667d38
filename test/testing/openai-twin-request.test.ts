import { expect, test } from "vitest";

import { say } from "../../src/testing/twins/openai/steps.ts";
import { functionTool, open, refusal } from "./openai-client.ts";

const user = { role: "user", content: "hi" };
const call = { type: "function_call", call_id: "c1", name: "ping", arguments: "{}" };
const output = { type: "function_call_output", call_id: "c1", output: "pong" };
const shellCall = {
  type: "shell_call",
  call_id: "c1",
  action: { commands: ["ls"], timeout_ms: null, max_output_length: 100 },
};
const shellOutput = {
  type: "shell_call_output",
  call_id: "c1",
  max_output_length: 100,
  output: [{ stdout: "a", stderr: "", outcome: { type: "exit", exit_code: 0 } }],
};
const patchCall = {
  type: "apply_patch_call",
  call_id: "c1",
  status: "completed",
  operation: { type: "create_file", path: "a", diff: "+a" },
};
const patchOutput = { type: "apply_patch_call_output", call_id: "c1", status: "failed" };
const custom = { type: "custom_tool_call", call_id: "c1", name: "sql", input: "select 1" };
const customOutput = { type: "custom_tool_call_output", call_id: "c1", output: "1" };
const object = { type: "object", properties: {}, required: [], additionalProperties: false };
const open1 = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
const closed = { ...open1, additionalProperties: false };

const accepted: readonly (readonly [string, Record<string, unknown>])[] = [
  ["text", { input: "hi" }],
  ["a message", { input: [user] }],
  [
    "a message with a type, and parts",
    { input: [{ ...user, type: "message", content: [{ type: "input_text", text: "hi" }] }] },
  ],
  [
    "the model's own message",
    {
      input: [
        user,
        { role: "assistant", content: [{ type: "output_text", text: "a" }], phase: "commentary" },
      ],
    },
  ],
  ["a call and its output", { input: [user, call, output] }],
  [
    "an output of parts",
    { input: [user, call, { ...output, output: [{ type: "input_text", text: "pong" }] }] },
  ],
  ["a shell call and its output", { input: [user, shellCall, shellOutput] }],
  [
    "a shell call that timed out",
    {
      input: [
        user,
        shellCall,
        { ...shellOutput, output: [{ stdout: "", stderr: "", outcome: { type: "timeout" } }] },
      ],
    },
  ],
  ["a patch and its output", { input: [user, patchCall, patchOutput] }],
  ["a custom call and its output", { input: [user, custom, customOutput] }],
  [
    "all tools",
    {
      input: "hi",
      tools: [
        functionTool,
        { type: "shell" },
        { type: "apply_patch" },
        { type: "custom", name: "sql" },
      ],
    },
  ],
  [
    "a strict schema",
    {
      input: "hi",
      tools: [
        {
          ...functionTool,
          parameters: {
            ...object,
            properties: { a: { type: ["string", "null"] }, b: { type: "array", items: object } },
            required: ["a", "b"],
          },
        },
      ],
    },
  ],
  [
    "an open schema that is not strict",
    { input: "hi", tools: [{ ...functionTool, strict: false, parameters: open1 }] },
  ],
  [
    "a tool that is chosen",
    { input: "hi", tools: [functionTool], tool_choice: { type: "function", name: "ping" } },
  ],
  [
    "the shell, chosen",
    { input: "hi", tools: [{ type: "shell" }], tool_choice: { type: "shell" } },
  ],
  [
    "allowed tools",
    {
      input: "hi",
      tools: [functionTool],
      tool_choice: {
        type: "allowed_tools",
        mode: "auto",
        tools: [{ type: "function", name: "ping" }],
      },
    },
  ],
  ["no tool", { input: "hi", tool_choice: "none" }],
  [
    "16 pairs of metadata",
    {
      input: "hi",
      metadata: Object.fromEntries(
        Array.from({ length: 16 }, (_, n) => [`${n}`.padEnd(64, "k"), "v".repeat(512)]),
      ),
    },
  ],
  [
    "identifiers of 64 characters",
    { input: "hi", safety_identifier: "s".repeat(64), prompt_cache_key: "k".repeat(64) },
  ],
  ["16 output tokens", { input: "hi", max_output_tokens: 16 }],
  [
    "null for what is not wanted",
    {
      input: "hi",
      tools: null,
      metadata: null,
      store: null,
      background: null,
      previous_response_id: null,
      stream_options: null,
    },
  ],
];

const refused: readonly (readonly [string, Record<string, unknown>, string, string | null])[] = [
  ["nothing", {}, "input", "missing_required_parameter"],
  ["an unknown parameter", { input: "hi", foo: 1 }, "foo", "unknown_parameter"],
  ["an unknown type of item", { input: [{ type: "telepathy" }] }, "input[0].type", "invalid_value"],
  [
    "an item without a type",
    { input: [{ text: "hi" }] },
    "input[0].type",
    "missing_required_parameter",
  ],
  [
    "a message without content",
    { input: [{ role: "user" }] },
    "input[0].content",
    "missing_required_parameter",
  ],
  [
    "an unknown role",
    { input: [{ role: "robot", content: "hi" }] },
    "input[0].role",
    "invalid_value",
  ],
  [
    "an unknown part",
    { input: [{ role: "user", content: [{ type: "text", text: "hi" }] }] },
    "input[0].content[0].type",
    "invalid_value",
  ],
  [
    "input_text of the assistant",
    { input: [{ role: "assistant", content: [{ type: "input_text", text: "hi" }] }] },
    "input[0].content[0].type",
    "invalid_value",
  ],
  [
    "a call without an id",
    { input: [user, { ...call, call_id: undefined }] },
    "input[1].call_id",
    "missing_required_parameter",
  ],
  [
    "a call whose id is too long",
    { input: [user, { ...call, call_id: "c".repeat(65) }] },
    "input[1].call_id",
    "string_above_max_length",
  ],
  [
    "a call's arguments as an object",
    { input: [user, { ...call, arguments: {} }] },
    "input[1].arguments",
    "invalid_type",
  ],
  [
    "a field that an SDK added",
    { input: [user, { ...call, parsed_arguments: {} }, output] },
    "input[1].parsed_arguments",
    "unknown_parameter",
  ],
  [
    "an id of another kind",
    { input: [user, { ...call, id: "call_1" }, output] },
    "input[1].id",
    "invalid_value",
  ],
  [
    "an output that is no text",
    { input: [user, call, { ...output, output: 1 }] },
    "input[2].output",
    "invalid_type",
  ],
  [
    "an output without its call's id",
    { input: [user, call, { ...output, call_id: undefined }] },
    "input[2].call_id",
    "missing_required_parameter",
  ],
  [
    "a shell call without commands",
    { input: [user, { ...shellCall, action: {} }] },
    "input[1].action.commands",
    "missing_required_parameter",
  ],
  [
    "a shell output without an outcome",
    { input: [user, shellCall, { ...shellOutput, output: [{ stdout: "", stderr: "" }] }] },
    "input[2].output[0].outcome",
    "missing_required_parameter",
  ],
  [
    "a shell output that lost the limit",
    { input: [user, shellCall, { ...shellOutput, max_output_length: undefined }] },
    "input",
    "invalid_value",
  ],
  [
    "a shell output as text",
    { input: [user, shellCall, { ...shellOutput, output: "a" }] },
    "input[2].output",
    "invalid_type",
  ],
  [
    "a patch without a diff",
    { input: [user, { ...patchCall, operation: { type: "update_file", path: "a" } }] },
    "input[1].operation.diff",
    "missing_required_parameter",
  ],
  [
    "a patch output without a status",
    { input: [user, patchCall, { ...patchOutput, status: undefined }] },
    "input[2].status",
    "missing_required_parameter",
  ],
  [
    "reasoning without a summary",
    { input: [user, { type: "reasoning", id: "rs_1" }] },
    "input[1].summary",
    "missing_required_parameter",
  ],
  [
    "reasoning without an id or its content",
    { input: [user, { type: "reasoning", summary: [] }] },
    "input[1].id",
    "missing_required_parameter",
  ],
  [
    "a compaction without its content",
    { input: [{ type: "compaction" }] },
    "input[0].encrypted_content",
    "missing_required_parameter",
  ],
  [
    "a trigger that is not last",
    { input: [{ type: "compaction_trigger" }, user] },
    "input[0]",
    "invalid_value",
  ],
  [
    "an unknown tool",
    { input: "hi", tools: [{ type: "teleport" }] },
    "tools[0].type",
    "invalid_value",
  ],
  [
    "a function without parameters",
    { input: "hi", tools: [{ type: "function", name: "a", strict: false }] },
    "tools[0].parameters",
    "missing_required_parameter",
  ],
  [
    "a function that does not say strict",
    { input: "hi", tools: [{ type: "function", name: "a", parameters: {} }] },
    "tools[0].strict",
    "missing_required_parameter",
  ],
  [
    "a name with a space",
    { input: "hi", tools: [{ ...functionTool, name: "a b" }] },
    "tools[0].name",
    "invalid_value",
  ],
  [
    "two tools of one name",
    { input: "hi", tools: [functionTool, functionTool] },
    "tools[1]",
    "invalid_value",
  ],
  [
    "two shells",
    { input: "hi", tools: [{ type: "shell" }, { type: "shell" }] },
    "tools[1]",
    "invalid_value",
  ],
  [
    "a strict schema that is open",
    { input: "hi", tools: [{ ...functionTool, parameters: open1 }] },
    "tools[0].parameters",
    "invalid_function_parameters",
  ],
  [
    "a strict schema with an optional property",
    { input: "hi", tools: [{ ...functionTool, parameters: { ...closed, required: [] } }] },
    "tools[0].parameters",
    "invalid_function_parameters",
  ],
  [
    "a strict schema that is open further in",
    {
      input: "hi",
      tools: [{ ...functionTool, parameters: { ...closed, properties: { a: open1 } } }],
    },
    "tools[0].parameters",
    "invalid_function_parameters",
  ],
  [
    "a strict schema with a keyword that it may not have",
    {
      input: "hi",
      tools: [{ ...functionTool, parameters: { ...closed, properties: { a: { oneOf: [] } } } }],
    },
    "tools[0].parameters",
    "invalid_function_parameters",
  ],
  ["a choice without tools", { input: "hi", tool_choice: "required" }, "tool_choice", null],
  [
    "a choice that there is not",
    { input: "hi", tools: [functionTool], tool_choice: { type: "function", name: "pong" } },
    "tool_choice",
    null,
  ],
  ["an unknown choice", { input: "hi", tool_choice: "maybe" }, "tool_choice", "invalid_value"],
  [
    "17 pairs of metadata",
    {
      input: "hi",
      metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`${n}`, ""])),
    },
    "metadata",
    "object_above_max_properties",
  ],
  [
    "a long value of metadata",
    { input: "hi", metadata: { a: "v".repeat(513) } },
    "metadata.a",
    "string_above_max_length",
  ],
  ["a number in metadata", { input: "hi", metadata: { a: 1 } }, "metadata.a", "invalid_type"],
  [
    "a long safety identifier",
    { input: "hi", safety_identifier: "s".repeat(65) },
    "safety_identifier",
    "string_above_max_length",
  ],
  [
    "a long cache key",
    { input: "hi", prompt_cache_key: "k".repeat(65) },
    "prompt_cache_key",
    "string_above_max_length",
  ],
  [
    "15 output tokens",
    { input: "hi", max_output_tokens: 15 },
    "max_output_tokens",
    "integer_below_min_value",
  ],
  [
    "background without a store",
    { input: "hi", background: true, store: false },
    "background",
    null,
  ],
  ["stream options without a stream", { input: "hi", stream_options: {} }, "stream_options", null],
  [
    "another context management",
    { input: "hi", context_management: [{ type: "magic" }] },
    "context_management[0].type",
    "invalid_value",
  ],
  ["an unknown include", { input: "hi", include: ["thoughts"] }, "include[0]", "invalid_value"],
  [
    "both kinds of state",
    { input: "hi", previous_response_id: "resp_1", conversation: "conv_1" },
    "previous_response_id",
    "mutually_exclusive_parameters",
  ],
];

test.each(accepted)("accepts %s", async (_, body) => {
  await using api = await open([say("ok")]);
  expect((await api.create(body)).output_text).toBe("ok");
});

test.each(refused)("refuses %s", async (_, body, param, code) => {
  await using api = await open([say("ok")]);
  expect(await refusal(api.create(body))).toMatchObject({ status: 400, param, code });
  // The script's step is still there.
  expect((await api.create({ input: "hi" })).output_text).toBe("ok");
});

test("a metadata key may be too long", async () => {
  await using api = await open();
  const asked = api.create({ input: "hi", metadata: { ["k".repeat(65)]: "v" } });
  expect(await refusal(asked)).toMatchObject({ status: 400 });
});
