import type { Usage } from "../../../core/journal.ts";
import { callReader, type CallReader } from "./calls.ts";
import type { Chunk, Counts } from "./chunk.ts";
import { withoutThoughts } from "./without-thoughts.ts";

/** An answer, put together chunk by chunk. */
export interface Completion {
  readonly calls: CallReader["calls"];
  readonly refusal: string;
  /** Why it ended; undefined: it has not. */
  readonly finish: string | undefined;
  readonly usage: Usage | undefined;
}

export interface CompletionReader {
  /** Gives the text that a chunk brings. */
  add(chunk: Chunk): string;
  /** The server says that this is all; some do not say why. */
  done(): string;
  /** What was held back of the text until now. */
  end(): string;
  readonly completion: Completion;
}

export function completionReader(): CompletionReader {
  const calls = callReader();
  const words = withoutThoughts();
  let refusal = "";
  let finish: string | undefined;
  let usage: Usage | undefined;
  return {
    add({ choices, usage: counts }) {
      if (counts) usage = usageOf(counts);
      const choice = choices?.[0];
      const said = choice?.delta ?? choice?.message;
      finish = choice?.finish_reason ?? finish;
      refusal += said?.refusal ?? "";
      for (const piece of said?.tool_calls ?? []) calls.add(piece);
      return words.add(said?.content ?? "");
    },
    done() {
      finish ??= "stop";
      return "";
    },
    end: () => words.end(),
    get completion() {
      return { calls: calls.calls, refusal, finish, usage };
    },
  };
}

/** `prompt_tokens` are all of the input, what was cached too. https://platform.openai.com/docs/api-reference/chat/object */
function usageOf(counts: Counts): Usage {
  const cached = counts.prompt_tokens_details?.cached_tokens ?? undefined;
  const reasoning = counts.completion_tokens_details?.reasoning_tokens ?? undefined;
  return {
    inputTokens: counts.prompt_tokens ?? 0,
    outputTokens: counts.completion_tokens ?? 0,
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  };
}
