import { tokensIn } from "../scripting/tokens.ts";
import type { Block } from "./blocks.ts";
import type { ClearToolUses } from "./context-edits.ts";
import type { Message, Prompt } from "./request.ts";

export interface Cleared {
  readonly messages: readonly Message[];
  readonly applied: readonly {
    readonly type: string;
    readonly cleared_tool_uses: number;
    readonly cleared_input_tokens: number;
  }[];
}

/** Replaces the oldest tool results, as the API does before the model reads them. */
export function clearToolUses({ messages, context_management }: Prompt, input: number): Cleared {
  const edit = context_management?.edits?.find((one) => one.type === "clear_tool_uses_20250919");
  if (edit === undefined) return { messages, applied: [] };
  const uses = messages.flatMap(({ content }) =>
    content.filter((block) => block.type === "tool_use"),
  );
  if (!isTriggered(edit, { input, uses: uses.length })) return { messages, applied: [] };
  const old = uses
    .slice(0, Math.max(0, uses.length - (edit.keep?.value ?? 3)))
    .filter(({ name }) => !(edit.exclude_tools ?? []).includes(name));
  const names = new Map(old.map(({ id, name }) => [id, name]));
  const cleared = messages.map((message) => ({
    ...message,
    content: message.content.map((block) => clearedBlock(block, { names, edit })),
  }));
  const tokens = tokensIn(JSON.stringify(messages)) - tokensIn(JSON.stringify(cleared));
  if (old.length === 0 || tokens < (edit.clear_at_least?.value ?? 1))
    return { messages, applied: [] };
  return {
    messages: cleared,
    applied: [{ type: edit.type, cleared_tool_uses: old.length, cleared_input_tokens: tokens }],
  };
}

function clearedBlock(
  block: Block,
  { names, edit }: { readonly names: ReadonlyMap<string, string>; readonly edit: ClearToolUses },
): Block {
  if (block.type === "tool_result" && names.has(block.tool_use_id))
    return { ...block, content: [{ type: "text", text: "[cleared to save context]" }] };
  if (block.type !== "tool_use" || !names.has(block.id)) return block;
  const inputs = edit.clear_tool_inputs ?? false;
  const isCleared = typeof inputs === "boolean" ? inputs : inputs.includes(block.name);
  return isCleared ? { ...block, input: {} } : block;
}

const isTriggered = (
  { trigger = { type: "input_tokens", value: 100_000 } }: ClearToolUses,
  { input, uses }: { readonly input: number; readonly uses: number },
): boolean => (trigger.type === "input_tokens" ? input : uses) > trigger.value;
