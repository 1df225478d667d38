import type { Anthropic } from "@anthropic-ai/sdk";

import type { Usage } from "../../../core/journal.ts";

type Counted = Pick<
  Anthropic.MessageDeltaUsage,
  | "input_tokens"
  | "cache_read_input_tokens"
  | "cache_creation_input_tokens"
  | "output_tokens"
  | "output_tokens_details"
>;

/** Later counts stand in the place of earlier ones; what a gateway leaves out stays. */
export function merged(before: Counted | undefined, now: Partial<Counted>): Counted {
  const told = Object.entries(now).filter(([, value]) => value !== null && value !== undefined);
  return { ...(before ?? nothing), ...Object.fromEntries(told) };
}

const nothing: Counted = {
  input_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  output_tokens: 0,
  output_tokens_details: null,
};

/** The API counts what it read from the cache, and wrote there, beside `input_tokens`. */
export function usageOf(counted: Counted | undefined): Usage {
  const {
    input_tokens,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
    output_tokens,
    output_tokens_details: details,
  } = counted ?? nothing;
  return {
    inputTokens: (input_tokens ?? 0) + (read ?? 0) + (written ?? 0),
    outputTokens: output_tokens,
    cachedInputTokens: read ?? 0,
    cacheWriteTokens: written ?? 0,
    ...(details && { reasoningTokens: details.thinking_tokens }),
  };
}

/** Of several messages that are one answer. */
export function totalOf(messages: readonly { readonly usage: Usage }[]): Usage {
  const all = messages.map(({ usage }) => usage);
  const total = (count: (usage: Usage) => number | undefined): number =>
    all.reduce((sum, usage) => sum + (count(usage) ?? 0), 0);
  return {
    inputTokens: total((usage) => usage.inputTokens),
    outputTokens: total((usage) => usage.outputTokens),
    cachedInputTokens: total((usage) => usage.cachedInputTokens),
    cacheWriteTokens: total((usage) => usage.cacheWriteTokens),
    ...(all.some(({ reasoningTokens }) => reasoningTokens !== undefined) && {
      reasoningTokens: total((usage) => usage.reasoningTokens),
    }),
  };
}
