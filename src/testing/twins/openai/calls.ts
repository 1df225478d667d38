import { z } from "zod";

import { callId, caller, idOf, status, text } from "./item-fields.ts";

/** https://platform.openai.com/docs/guides/function-calling */
export const FunctionCall = z.strictObject({
  type: z.literal("function_call"),
  id: idOf("fc"),
  call_id: callId,
  name: z.string().min(1).max(128),
  arguments: text,
  namespace: z.string().optional(),
  caller,
  status,
});

/** https://platform.openai.com/docs/guides/function-calling#custom-tools */
export const CustomCall = z.strictObject({
  type: z.literal("custom_tool_call"),
  id: idOf("ctc"),
  call_id: callId,
  name: z.string().min(1).max(128),
  input: text,
  namespace: z.string().optional(),
  caller,
  status,
});

/** https://platform.openai.com/docs/guides/tools-shell */
export const ShellCall = z.strictObject({
  type: z.literal("shell_call"),
  id: idOf("sh"),
  call_id: callId,
  action: z.strictObject({
    commands: z.array(z.string()),
    timeout_ms: z.number().int().nullish(),
    max_output_length: z.number().int().nullish(),
  }),
  environment: z.looseObject({ type: z.string() }).nullish(),
  caller,
  status,
});

const path = z.string().min(1);

/** https://platform.openai.com/docs/guides/tools-apply-patch */
export const PatchOperation = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("create_file"), path, diff: text }),
  z.strictObject({ type: z.literal("update_file"), path, diff: text }),
  z.strictObject({ type: z.literal("delete_file"), path }),
]);
export type PatchOperation = z.infer<typeof PatchOperation>;

export const PatchCall = z.strictObject({
  type: z.literal("apply_patch_call"),
  id: idOf("apc"),
  call_id: callId,
  operation: PatchOperation,
  status: z.enum(["in_progress", "completed"]),
  caller,
});
