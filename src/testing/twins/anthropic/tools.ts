import { z } from "zod";

import { CacheControl } from "./blocks.ts";
import { Refusal } from "./refusal.ts";

const common = {
  cache_control: CacheControl,
  allowed_callers: z.array(z.string()).optional(),
  defer_loading: z.boolean().optional(),
  input_examples: z.array(z.record(z.string(), z.unknown())).optional(),
  strict: z.boolean().optional(),
};

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools */
const CustomTool = z.strictObject({
  ...common,
  type: z.literal("custom"),
  name: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: z.looseObject({
    type: z.literal("object"),
    properties: z.record(z.string(), z.unknown()).nullish(),
    required: z.array(z.string()).nullish(),
  }),
  eager_input_streaming: z.boolean().nullish(),
});

/** Tools that the client runs, with names that the model was trained on. */
const BashTool = z.strictObject({
  ...common,
  type: z.literal("bash_20250124"),
  name: z.literal("bash"),
});
const EditorTool = z.strictObject({
  ...common,
  type: z.literal("text_editor_20250728"),
  name: z.literal("str_replace_based_edit_tool"),
  max_characters: z.int().min(1).nullish(),
});
const MemoryTool = z.strictObject({
  ...common,
  type: z.literal("memory_20250818"),
  name: z.literal("memory"),
});

/** Tools that the vendor runs; their options are not looked at. */
const ServerTool = z.looseObject({
  type: z.enum([
    "web_search_20250305",
    "web_search_20260209",
    "web_fetch_20250910",
    "code_execution_20250825",
  ]),
  name: z.string(),
  cache_control: CacheControl,
});

/** A tool without a type is a custom one. */
export const Tool = z.preprocess(
  (value) =>
    typeof value === "object" && value !== null && !("type" in value && value.type !== null)
      ? { ...value, type: "custom" }
      : value,
  z.discriminatedUnion("type", [CustomTool, BashTool, EditorTool, MemoryTool, ServerTool]),
);
export type Tool = z.output<typeof Tool>;

const parallel = { disable_parallel_tool_use: z.boolean().optional() };

export const ToolChoice = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("auto"), ...parallel }),
  z.strictObject({ type: z.literal("any"), ...parallel }),
  z.strictObject({ type: z.literal("tool"), name: z.string(), ...parallel }),
  z.strictObject({ type: z.literal("none") }),
]);
export type ToolChoice = z.output<typeof ToolChoice>;

/** What the shape of each tool does not say. */
export function checkTools(tools: readonly Tool[], choice: ToolChoice | undefined): void {
  const names = tools.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new Refusal("tools: Tool names must be unique.");
  for (const [index, tool] of tools.entries())
    if (tool.type === "custom" && tool.strict === true)
      checkStrict(tool.input_schema, `tools.${index}.custom`);
  if (choice === undefined || choice.type === "none") return;
  if (tools.length === 0)
    throw new Refusal("`tool_choice` may only be specified while providing `tools`.");
  if (choice.type === "tool" && !names.includes(choice.name))
    throw new Refusal(`Tool '${choice.name}' not found in provided tools`);
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations */
function checkStrict(schema: unknown, place: string): void {
  if (typeof schema !== "object" || schema === null) return;
  if ("type" in schema && schema.type === "object") {
    if (!("additionalProperties" in schema && schema.additionalProperties === false))
      throw new Refusal(
        `${place}: For 'object' type, 'additionalProperties' must be explicitly set to false`,
      );
  }
  for (const inner of Object.values(schema)) checkStrict(inner, place);
}
