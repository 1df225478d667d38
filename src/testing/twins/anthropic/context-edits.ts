import { z } from "zod";

import { Refusal } from "./refusal.ts";
import type { Prompt } from "./request.ts";

const inputTokens = z.strictObject({ type: z.literal("input_tokens"), value: z.int().min(1) });
const toolUses = z.strictObject({ type: z.literal("tool_uses"), value: z.int().min(0) });

const ClearToolUses = z.strictObject({
  type: z.literal("clear_tool_uses_20250919"),
  trigger: z.discriminatedUnion("type", [inputTokens, toolUses]).optional(),
  keep: toolUses.optional(),
  clear_at_least: inputTokens.nullish(),
  clear_tool_inputs: z.union([z.boolean(), z.array(z.string())]).nullish(),
  exclude_tools: z.array(z.string()).nullish(),
});
export type ClearToolUses = z.output<typeof ClearToolUses>;

const ClearThinking = z.strictObject({
  type: z.literal("clear_thinking_20251015"),
  keep: z
    .union([
      z.literal("all"),
      z.strictObject({ type: z.literal("all") }),
      z.strictObject({ type: z.literal("thinking_turns"), value: z.int().min(1) }),
    ])
    .optional(),
});

const Compact = z.strictObject({
  type: z.literal("compact_20260112"),
  instructions: z.string().nullish(),
  pause_after_compaction: z.boolean().optional(),
  trigger: inputTokens.nullish(),
});

type Edit = z.output<typeof ClearToolUses | typeof ClearThinking | typeof Compact>;
export interface ContextManagement {
  readonly edits?: readonly Edit[] | undefined;
}

/**
 * The field exists only for who asks with a header, on either URL; the header decides which edits do.
 * https://platform.claude.com/docs/en/build-with-claude/context-editing, …/compaction
 */
export function contextManagement(betas: readonly string[]) {
  const hasEditing = betas.includes("context-management-2025-06-27");
  const hasCompaction = betas.includes("compact-2026-01-12");
  const edits = [
    ...(hasEditing ? [ClearThinking, ClearToolUses] : []),
    ...(hasCompaction ? [Compact] : []),
  ];
  const [first, ...rest] = edits;
  const asked =
    first === undefined
      ? z.never()
      : z.strictObject({
          edits: z.array(z.discriminatedUnion("type", [first, ...rest])).optional(),
        });
  return { context_management: asked.optional() };
}

/** What the shapes do not say. */
export function checkEdits(
  { messages, context_management, thinking }: Prompt,
  betas: readonly string[],
): void {
  for (const [index, { content }] of messages.entries()) {
    const at = content.findIndex(({ type }) => type === "compaction");
    if (at !== -1 && !betas.includes("compact-2026-01-12"))
      throw new Refusal(
        `messages.${index}.content.${at}: Input tag 'compaction' found using 'type' does not match any of the expected tags`,
      );
  }
  for (const [index, edit] of (context_management?.edits ?? []).entries()) {
    const place = `context_management.edits.${index}`;
    if (edit.type === "compact_20260112" && (edit.trigger?.value ?? 150_000) < 50_000)
      throw new Refusal(`${place}: compaction trigger must be at least 50000 tokens`);
    if (edit.type !== "clear_thinking_20251015") continue;
    if (index > 0)
      throw new Refusal(`${place}: \`clear_thinking_20251015\` must be the first edit`);
    if (thinking === undefined || thinking.type === "disabled")
      throw new Refusal(
        "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive",
      );
  }
}
