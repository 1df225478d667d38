import { createHash } from "node:crypto";

import type { Block } from "./blocks.ts";
import type { Kept } from "./kept.ts";
import { Refusal } from "./refusal.ts";
import type { CreateRequest, Message, Prompt } from "./request.ts";

/** Proof that the twin made a text; any twin can check it. */
export const sign = (text: string): string =>
  createHash("sha256").update(`anthropic-twin:${text}`).digest("base64");

/** https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
export function checkThinkingBudget(
  { thinking, max_tokens, tool_choice }: CreateRequest,
  betas: readonly string[],
): void {
  if (thinking?.type !== "enabled" && thinking?.type !== "adaptive") return;
  if (tool_choice?.type === "any" || tool_choice?.type === "tool")
    throw new Refusal("Thinking may not be enabled when tool_choice forces tool use.");
  const isInterleaved = betas.includes("interleaved-thinking-2025-05-14");
  if (thinking.type === "enabled" && thinking.budget_tokens >= max_tokens && !isInterleaved)
    throw new Refusal("`max_tokens` must be greater than `thinking.budget_tokens`.");
}

/** What was thought comes back as it was, as long as the turn goes on that it belongs to. */
export function checkThinking({ messages, thinking }: Prompt, kept: Kept): void {
  for (const [index, { content }] of messages.entries())
    for (const [at, block] of content.entries())
      checkSigned(block, `messages.${index}.content.${at}`);
  const isOn = thinking !== undefined && thinking.type !== "disabled";
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  const latest = messages[last];
  if (latest === undefined) return;
  if (!isOn) {
    const at = latest.content.findIndex(isThought);
    if (last === messages.length - 1 && at !== -1)
      throw new Refusal(
        `messages.${last}.content.${at}: When thinking is disabled, an \`assistant\` message in the final position cannot contain ` +
          "`thinking`. To use thinking blocks, enable `thinking` in your request.",
      );
    return;
  }
  if (thinking.type === "enabled") checkStart(messages);
  const at = kept.changedThought(latest.content);
  if (at !== undefined)
    throw new Refusal(
      `messages.${last}.content.${at}: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message cannot be modified. ` +
        "These blocks must remain as they were in the original response.",
    );
}

function checkSigned(block: Block, place: string): void {
  if (block.type === "thinking" && block.signature !== sign(block.thinking))
    throw new Refusal(`${place}: Invalid \`signature\` in \`thinking\` block`);
  if (block.type === "redacted_thinking" && !block.data.endsWith(sign("redacted")))
    throw new Refusal(`${place}: Invalid \`data\` in \`redacted_thinking\` block`);
  if (
    block.type === "compaction" &&
    block.content &&
    block.encrypted_content !== sign(block.content)
  )
    throw new Refusal(`${place}: Invalid \`encrypted_content\` in \`compaction\` block`);
}

/** Only with a budget: an adaptive model may have thought nothing. */
function checkStart(messages: readonly Message[]): void {
  if (messages.at(-1)?.content[0]?.type !== "tool_result") return;
  const asked = messages.findLastIndex(
    ({ role, content }) => role === "user" && content[0]?.type !== "tool_result",
  );
  const index = messages.findIndex(({ role }, at) => at > asked && role === "assistant");
  const first = messages[index]?.content[0];
  if (first === undefined || isThought(first)) return;
  throw new Refusal(
    `messages.${index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type}\`. ` +
      "When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of " +
      "`tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid this " +
      "requirement, disable `thinking`. Please consult our documentation at " +
      "https://docs.claude.com/en/docs/build-with-claude/extended-thinking",
  );
}

export const isThought = ({ type }: { readonly type: string }): boolean =>
  type === "thinking" || type === "redacted_thinking";
