import type { Block } from "./blocks.ts";
import { Refusal } from "./refusal.ts";
import type { Message } from "./request.ts";

/** Who may say what, and what may not be empty. https://platform.claude.com/docs/en/api/messages/create */
export function checkConversation(messages: readonly Message[]): void {
  const [first] = messages;
  if (first === undefined) throw new Refusal("messages: at least one message is required");
  if (first.role !== "user") throw new Refusal('messages: first message must use the "user" role');
  for (const [index, { role, content }] of messages.entries()) {
    const isFinalAnswer = index === messages.length - 1 && role === "assistant";
    if (content.length === 0 && !isFinalAnswer)
      throw new Refusal(
        `messages.${index}: all messages must have non-empty content except for the optional final assistant message`,
      );
    for (const [at, block] of content.entries()) {
      const place = `messages.${index}.content.${at}`;
      checkText(block, place);
      // As since 2026-10-21; the version before took it. https://platform.claude.com/docs/en/api/migration-2026-10-21
      if (role === "user" && block.type === "text" && block.citations)
        throw new Refusal(`${place}.text.citations: Extra inputs are not permitted`);
      const owner = owners.get(block.type);
      if (owner !== undefined && owner !== role)
        throw new Refusal(
          `${place}: \`${block.type}\` blocks can only be in \`${owner}\` messages`,
        );
    }
  }
}

function checkText(block: Block, place: string): void {
  if (block.type === "tool_result") return checkResult(block, place);
  if (block.type !== "text") return;
  if (block.text === "" && block.cache_control)
    throw new Refusal(`${place}.text: cache_control cannot be set for empty text blocks`);
  if (block.text === "") throw new Refusal("messages: text content blocks must be non-empty");
  if (block.text.trim() === "")
    throw new Refusal("messages: text content blocks must contain non-whitespace text");
}

function checkResult(block: Extract<Block, { type: "tool_result" }>, place: string): void {
  const { content = [], is_error } = block;
  if (is_error === true && content.length === 0)
    throw new Refusal(`${place}.tool_result: content cannot be empty if \`is_error\` is true`);
  if (content.some((inner) => inner.type === "text" && inner.text === ""))
    throw new Refusal("messages: text content blocks must be non-empty");
}

const owners: ReadonlyMap<string, "user" | "assistant"> = new Map([
  ["tool_use", "assistant"],
  ["server_tool_use", "assistant"],
  ["thinking", "assistant"],
  ["redacted_thinking", "assistant"],
  ["compaction", "assistant"],
  ["tool_result", "user"],
  ["image", "user"],
  ["document", "user"],
]);

/**
 * A conversation that ends with the model's own words is a prefill, unless these are the words of a turn that was paused.
 * https://platform.claude.com/docs/en/api/errors#prefill-not-supported
 */
export function checkEnding(
  messages: readonly Message[],
  { prefill, isPaused }: { prefill: boolean; isPaused: (content: readonly Block[]) => boolean },
): void {
  const last = messages.at(-1);
  if (last?.role !== "assistant" || isPaused(last.content)) return;
  if (!prefill)
    throw new Refusal(
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    );
  const block = last.content.at(-1);
  if (block?.type === "text" && block.text.trimEnd() !== block.text)
    throw new Refusal("messages: final assistant content cannot end with trailing whitespace");
}
