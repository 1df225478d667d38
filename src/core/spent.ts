import { z } from "zod";

import type { JournalEntry, Usage } from "./journal.ts";

/** What was used, of a turn, a session, a channel or a day. */
export const Spent = z.object({
  /** Answers of a model. */
  steps: z.number().nonnegative(),
  /** Input and output together. */
  tokens: z.number().nonnegative(),
  /** Of what has a price. */
  usd: z.number().nonnegative(),
  /** Time that turns took, milliseconds. */
  ms: z.number().nonnegative(),
});
export type Spent = z.infer<typeof Spent>;

export const nothingSpent: Spent = { steps: 0, tokens: 0, usd: 0, ms: 0 };

export const addSpent = (a: Spent, b: Spent): Spent => ({
  steps: a.steps + b.steps,
  tokens: a.tokens + b.tokens,
  usd: a.usd + b.usd,
  ms: a.ms + b.ms,
});

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0 };

/** A count that only one of the two knows is that one's. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum = (key: "cachedInputTokens" | "cacheWriteTokens" | "reasoningTokens") =>
    a[key] === undefined && b[key] === undefined ? {} : { [key]: (a[key] ?? 0) + (b[key] ?? 0) };
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...sum("cachedInputTokens"),
    ...sum("cacheWriteTokens"),
    ...sum("reasoningTokens"),
  };
}

/** What the model calls behind an entry used; undefined for an entry that none is behind. */
export function usageOf(
  entry: JournalEntry,
):
  | { readonly steps: number; readonly usage: Usage; readonly usd?: number | undefined }
  | undefined {
  if (entry.type === "step") return { steps: 1, usage: entry.response.usage, usd: entry.usd };
  // What an agent inside a call uses is used by the turn.
  if (entry.type === "nested") return usageOf(entry.entry);
  if (entry.type === "message-checked") return entry.usage && { steps: 0, usage: entry.usage };
  if (entry.type !== "model-failed" && entry.type !== "context-summarized") return undefined;
  const usage = entry.used.map((use) => use.usage).reduce(addUsage, noUsage);
  return { steps: 0, usage, usd: entry.usd };
}
