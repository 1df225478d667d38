import { z } from "zod";

import { CustomCall, FunctionCall, PatchCall, ShellCall } from "./calls.ts";
import { Content, InputPart, OutputPart } from "./content.ts";
import { callId, caller, idOf, status, text } from "./item-fields.ts";

const phase = z.enum(["commentary", "final_answer"]).nullish();

const Message = z.discriminatedUnion("role", [
  z.strictObject({
    type: z.literal("message"),
    role: z.enum(["user", "system", "developer"]),
    content: z.union([text, z.array(InputPart)]),
    id: idOf("msg"),
    status,
    phase,
  }),
  z.strictObject({
    type: z.literal("message"),
    role: z.literal("assistant"),
    content: z.union([text, z.array(OutputPart)]),
    id: idOf("msg"),
    status,
    phase,
  }),
]);

const Reasoning = z.strictObject({
  type: z.literal("reasoning"),
  id: idOf("rs"),
  summary: z.array(z.strictObject({ type: z.literal("summary_text"), text })),
  content: z.array(z.strictObject({ type: z.literal("reasoning_text"), text })).optional(),
  encrypted_content: z.string().nullish(),
  status,
});

const answers = { id: z.string().max(64).nullish(), call_id: callId, caller };

const ShellOutcome = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("exit"), exit_code: z.number().int() }),
  z.strictObject({ type: z.literal("timeout") }),
]);

/**
 * An item of the input, as the API reads it. Strict: a field that the API does not know is a 400, so output of an SDK's
 * helper that carries more than the API gave (`parsed_arguments`) can't be sent back. Only the kinds that Opsthread may
 * send: hosted tools are no part of the twin.
 *
 * https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
 */
export const InputItem = z.discriminatedUnion("type", [
  Message,
  Reasoning,
  FunctionCall,
  CustomCall,
  ShellCall,
  PatchCall,
  z.strictObject({
    ...answers,
    type: z.literal("function_call_output"),
    output: Content,
    status,
  }),
  z.strictObject({ ...answers, type: z.literal("custom_tool_call_output"), output: Content }),
  z.strictObject({
    ...answers,
    type: z.literal("shell_call_output"),
    output: z.array(z.strictObject({ stdout: text, stderr: text, outcome: ShellOutcome })),
    max_output_length: z.number().int().nullish(),
    status,
  }),
  z.strictObject({
    ...answers,
    type: z.literal("apply_patch_call_output"),
    status: z.enum(["completed", "failed"]),
    output: text.nullish(),
  }),
  z.strictObject({
    type: z.literal("compaction"),
    id: idOf("cmp"),
    encrypted_content: z.string(),
  }),
  z.strictObject({ type: z.literal("item_reference"), id: z.string().min(1) }),
  z.strictObject({ type: z.literal("compaction_trigger") }),
]);
export type InputItem = z.infer<typeof InputItem>;

/** What a conversation is made of once its references are looked up. */
export type Item = Exclude<InputItem, { type: "item_reference" | "compaction_trigger" }>;

/** Produced by the model: it has an id. */
export type OutputItem = Exclude<Item, { type: `${string}_output` }> & { readonly id: string };

/** What the ids of stored items begin with. */
export const idPrefixes: Readonly<Record<Item["type"], string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
  shell_call: "sh",
  shell_call_output: "sho",
  apply_patch_call: "apc",
  apply_patch_call_output: "apco",
  compaction: "cmp",
};
