import type { OutputItem } from "./items.ts";
import type { Memory } from "./memory.ts";
import type { CreateRequest } from "./request.ts";
import { seal } from "./sealed.ts";

/** Stands for all that came before it. https://platform.openai.com/docs/guides/conversation-state#compaction-advanced */
export function newCompaction(
  { nextId }: Memory,
  { keepsUserMessages }: { readonly keepsUserMessages: boolean },
): OutputItem {
  return {
    type: "compaction",
    id: nextId("cmp"),
    encrypted_content: seal({ type: "compaction", keepsUserMessages }),
  };
}

/** Whether the server compacts before the model answers: the prompt is over the threshold. */
export function isOverThreshold(
  { context_management: entries }: CreateRequest,
  promptTokens: number,
): boolean {
  const threshold = entries?.find(({ type }) => type === "compaction")?.compact_threshold;
  return threshold !== undefined && threshold !== null && promptTokens > threshold;
}
