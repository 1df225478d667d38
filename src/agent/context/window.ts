import type { ModelUse } from "../../core/journal.ts";
import type { Model, ToolSpec } from "../model.ts";
import { tokensOf } from "./estimate.ts";

/** How full a model's window will be with the next request. */
export interface ContextWindow {
  /** Tokens at which the conversation has to become shorter. */
  readonly limit: number;
  /** Tokens that are sent with every request: instructions and tools. */
  readonly overhead: number;
  /** The provider makes it shorter by itself before it is full. */
  readonly compacts: boolean;
  /** Estimated tokens that a conversation must lose; not above 0 when it fits. */
  excess(size: ContextSize, aim: "limit" | "goal"): number;
  /** It may be over the limit or not, depending on what is new and was only estimated. */
  isInDoubt(size: ContextSize): boolean;
  /** Estimated tokens that a conversation of the goal's size has. */
  room(size: ContextSize): number;
  /** The model refused what `excess` had let through. */
  refused(size: ContextSize): void;
}

/** A conversation's size, and what the provider has last counted. */
export interface ContextSize {
  /** Estimated. */
  readonly tokens: number;
  /** Of an earlier, shorter or longer, state of it. */
  readonly counted?: { readonly estimated: number; readonly usage: ModelUse["usage"] } | undefined;
}

/**
 * Projects by estimate, corrected with what the provider counted for the last request. What is new since is taken for
 * dense: logs and JSON have fewer characters a token than prose.
 */
export function contextWindow(
  { capabilities: { contextTokens, outputTokens = 0, compactsAtTokens } }: Model,
  { instructions, tools }: { readonly instructions: string; readonly tools: readonly ToolSpec[] },
): ContextWindow {
  const overhead = tokensOf(instructions) + tokensOf(JSON.stringify(tools));
  const most = Math.max(contextTokens / 4, contextTokens - outputTokens);
  const limit = Math.min(contextTokens * contextShare, most);
  const goal = overhead + Math.max(0, limit - overhead) * goalShare;
  let strictness = 1;

  const ratioOf = ({ counted }: ContextSize): number => {
    // Of little text what a vendor adds to every request says more than its tokenizer.
    if (!counted || counted.usage.inputTokens < contextTokens * tellingShare) return 1;
    const ratio = counted.usage.inputTokens / (overhead + counted.estimated);
    // A model that does not count, or counts something else, says nothing.
    return ratio < 0.5 ? 1 : Math.min(4, ratio);
  };
  const freshOf = (size: ContextSize): number =>
    Math.max(0, size.tokens - (size.counted?.estimated ?? 0));
  const freshTokens = (size: ContextSize): number =>
    strictness * freshOf(size) * Math.max(ratioOf(size), dense);
  const project = (size: ContextSize): number =>
    strictness * ratioOf(size) * (overhead + size.tokens - freshOf(size)) + freshTokens(size);
  return {
    limit,
    overhead,
    compacts: compactsAtTokens !== undefined && compactsAtTokens < most,
    excess: (size, aim) =>
      (project(size) - (aim === "limit" ? limit : goal)) / (strictness * ratioOf(size)),
    isInDoubt: (size) =>
      Math.abs(project(size) - limit) < Math.min(limit * doubtShare, freshTokens(size)),
    room: (size) => Math.max(minRoom, goal / (strictness * ratioOf(size)) - overhead),
    refused(size) {
      strictness *= Math.max(1.2, (1.2 * contextTokens) / project(size));
    },
  };
}

/** The rest is for the answer, and for what the estimate misses. */
const contextShare = 0.7;
/** Made shorter, it gets so far below the limit that it need not happen again at once: each time costs the provider's cache. */
const goalShare = 0.7;
const dense = 1.25;
/** Of the limit. Further away from it the estimate decides; what it lets through wrongly is refused, and then made shorter. */
const doubtShare = 0.1;
const tellingShare = 0.1;
const minRoom = 500;
