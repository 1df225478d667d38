import { z } from "zod";

import { invalidRequest } from "./api-error.ts";
import { checkStrictSchema } from "./strict-schema.ts";

const name = z
  .string()
  .regex(/^[a-zA-Z0-9_-]+$/, "expected letters, digits, _ or -")
  .max(128);
const optional = {
  description: z.string().nullish(),
  allowed_callers: z.array(z.enum(["direct", "programmatic"])).nullish(),
  defer_loading: z.boolean().optional(),
};

/**
 * The tools of a request. `parameters` and `strict` may be null, but must be there: what the API does without `strict`
 * is not what most callers expect. https://platform.openai.com/docs/guides/function-calling#strict-mode
 */
export const Tool = z.discriminatedUnion("type", [
  z.strictObject({
    ...optional,
    type: z.literal("function"),
    name,
    parameters: z.record(z.string(), z.unknown()).nullable(),
    strict: z.boolean().nullable(),
    output_schema: z.record(z.string(), z.unknown()).nullish(),
  }),
  z.strictObject({ ...optional, type: z.literal("custom"), name, format: z.unknown().optional() }),
  z.strictObject({
    type: z.literal("shell"),
    environment: z.looseObject({ type: z.string() }).nullish(),
    allowed_callers: optional.allowed_callers,
  }),
  z.strictObject({
    type: z.literal("apply_patch"),
    allowed_callers: optional.allowed_callers,
  }),
]);
export type Tool = z.infer<typeof Tool>;

/** https://platform.openai.com/docs/api-reference/responses/create#responses-create-tool_choice */
export const ToolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("function"), name: z.string() }),
    z.strictObject({ type: z.literal("custom"), name: z.string() }),
    z.strictObject({ type: z.literal("shell") }),
    z.strictObject({ type: z.literal("apply_patch") }),
    z.strictObject({
      type: z.literal("allowed_tools"),
      mode: z.enum(["auto", "required"]),
      tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional() })),
    }),
  ]),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

/** No two tools of one name, strict schemas that are strict, and a choice among the tools that there are. */
export function checkTools(tools: readonly Tool[], choice: ToolChoice): void {
  const seen = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const key = keyOf(tool);
    if (seen.has(key)) {
      throw invalidRequest(`Duplicate tool: '${key}'.`, `tools[${index}]`, "invalid_value");
    }
    seen.add(key);
    if (tool.type === "function" && tool.strict === true) {
      checkStrictSchema(tool.name, tool.parameters, `tools[${index}].parameters`);
    }
  }
  if (choice === "auto" || choice === "none") return;
  if (tools.length === 0) {
    throw invalidRequest("Tool choice must be specified with 'tools' parameter.", "tool_choice");
  }
  if (choice === "required") return;
  const chosen = choice.type === "allowed_tools" ? choice.tools : [choice];
  const absent = chosen.find((tool) => !seen.has(keyOf(tool)));
  if (absent === undefined) return;
  throw invalidRequest(
    `Tool choice '${keyOf(absent)}' not found in 'tools' parameter.`,
    "tool_choice",
  );
}

/** Functions and custom tools share their names; there is one shell, and one apply_patch. */
function keyOf(tool: { readonly type: string; readonly name?: string | undefined }): string {
  return tool.name ?? tool.type;
}
