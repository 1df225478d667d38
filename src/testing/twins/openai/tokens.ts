import type { Item } from "./items.ts";
import { unseal } from "./sealed.ts";
import type { Tool } from "./tools.ts";

/** An estimate: four characters are a token. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/** What the model would read. An item is the same text whether the client sent it or the state had it. */
export function promptOf({
  instructions,
  tools,
  items,
}: {
  readonly instructions: string;
  readonly tools: readonly Tool[];
  readonly items: readonly Item[];
}): string {
  return [
    instructions,
    ...tools.map((tool) => JSON.stringify(tool)),
    ...afterCompaction(items).map(textOf),
  ].join("\n");
}

/** An item's text, without what only the API needs. */
export function textOf(item: Item): string {
  if (item.type === "compaction") return item.type;
  return JSON.stringify({
    ...item,
    id: undefined,
    status: undefined,
    encrypted_content: undefined,
  });
}

/**
 * The latest compaction stands for all before it, but for the user's messages when `/responses/compact` kept them.
 * https://platform.openai.com/docs/guides/conversation-state#compaction-advanced
 */
export function afterCompaction(items: readonly Item[]): readonly Item[] {
  const index = items.findLastIndex(({ type }) => type === "compaction");
  const compaction = items[index];
  if (compaction?.type !== "compaction") return items;
  const sealed = unseal(compaction.encrypted_content);
  const isKept = sealed.type === "compaction" && sealed.keepsUserMessages;
  const kept = isKept ? items.slice(0, index).filter(isFromUser) : [];
  return [...kept, ...items.slice(index)];
}

export function isFromUser(item: Item): boolean {
  return item.type === "message" && item.role === "user";
}

/**
 * Tokens of the prompt that an earlier prompt began with. Prompts are cached from 1024 tokens on, in steps of 128.
 * https://platform.openai.com/docs/guides/prompt-caching
 */
export function cachedTokens(prompt: string, earlier: readonly string[]): number {
  const tokens = Math.max(0, ...earlier.map((other) => commonPrefix(prompt, other) / 4));
  return tokens < 1024 ? 0 : Math.floor(tokens / 128) * 128;
}

function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  for (let index = 0; index < limit; index += 1) {
    if (a.charCodeAt(index) !== b.charCodeAt(index)) return index;
  }
  return limit;
}
