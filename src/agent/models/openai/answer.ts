import { z } from "zod";

import type { ModelResponse, Usage } from "../../../core/journal.ts";
import type { ToolSpec } from "../../model.ts";
import { callOf, toolCallsOf } from "./calls.ts";
import type { Trouble } from "./failure.ts";
import type { Origin, ProviderState } from "./provider-state.ts";
import type { WireItem, WireResponse } from "./wire.ts";

/** What a response that is over comes to. */
export type Answer =
  /** `added` is at the end of the text, and was not said by the model. */
  | { readonly type: "answered"; readonly response: ModelResponse; readonly added: string }
  | { readonly type: "failed"; readonly trouble: Trouble; readonly usage?: Usage };

/**
 * Reads a response that is over. One that ended at the limit of output tokens counts as far as it got: what is whole of
 * its calls is run, else its text is the answer, and says so.
 */
export function answerOf(
  response: WireResponse,
  {
    tools,
    origin,
    stored,
  }: { readonly tools: readonly ToolSpec[]; readonly origin: Origin; readonly stored: boolean },
): Answer {
  const usage = usageOf(response);
  const fail = (code: string, message: string): Answer => ({
    type: "failed",
    trouble: { status: undefined, code, message },
    ...(response.usage && { usage }),
  });
  const { status, output, error } = response;
  if (status === "failed" || status === "cancelled") {
    return fail(error?.code ?? "server_error", error?.message ?? `the response is ${status}`);
  }
  const isCut = status === "incomplete";
  const reason = response.incomplete_details?.reason ?? "no reason given";
  if (isCut && reason === "content_filter") {
    return fail("content_filter", "the answer was ended by the content filter");
  }
  const toolCalls = output
    .map(callOf)
    .filter((call) => call !== undefined)
    .filter((call) => !isCut || (call.status ?? "completed") === "completed")
    .flatMap((call) => toolCallsOf(call, tools));
  const refusal = output.flatMap(partsOf).find((part) => part.type === "refusal");
  if (refusal && toolCalls.length === 0) return fail("content_filter", refusal.refusal);

  const text = textOf(output, toolCalls.length > 0);
  if (isCut && toolCalls.length === 0 && text === "") {
    return fail("server_error", `the response is incomplete and has no text: ${reason}`);
  }
  const provider: ProviderState = {
    kind: "openai-responses",
    ...origin,
    responseId: response.id,
    stored,
    output,
  };
  const added = isCut && toolCalls.length === 0 ? cutNote : "";
  const compacted = output.some(({ type }) => type === "compaction") && {
    compacted: true as const,
  };
  const whole: ModelResponse = {
    text: `${text}${added}`,
    toolCalls,
    usage,
    provider,
    ...compacted,
  };
  return { type: "answered", response: whole, added };
}

const cutNote = "\n\n[The answer ends here: it reached the limit of output tokens.]";

/** Between the texts of two messages of one response. */
export const messageBreak = "\n\n";

/**
 * What a model says on its way is a commentary, and not the answer. While it still calls tools there is no answer, and
 * all that it says is told. https://platform.openai.com/docs/guides/reasoning#phase
 */
function textOf(output: readonly WireItem[], hasCalls: boolean): string {
  const messages = output.filter(({ type }) => type === "message");
  const final = messages.filter((message) => message["phase"] === "final_answer");
  return (final.length > 0 && !hasCalls ? final : messages)
    .map((message) =>
      partsOf(message)
        .map((part) => (part.type === "output_text" ? part.text : ""))
        .join(""),
    )
    .filter((text) => text !== "")
    .join(messageBreak);
}

const Part = z.discriminatedUnion("type", [
  z.object({ type: z.literal("output_text"), text: z.string() }),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
]);

function partsOf(item: WireItem): readonly z.infer<typeof Part>[] {
  if (item.type !== "message") return [];
  const content = z.array(z.unknown()).catch([]).parse(item["content"]);
  return content.flatMap((part) => Part.safeParse(part).data ?? []);
}

/** https://platform.openai.com/docs/guides/reasoning#managing-the-context-window */
function usageOf({ usage }: WireResponse): Usage {
  const { input_tokens: inputTokens = 0, output_tokens: outputTokens = 0 } = usage ?? {};
  const { cached_tokens: cached, cache_write_tokens: written } = usage?.input_tokens_details ?? {};
  const reasoning = usage?.output_tokens_details?.reasoning_tokens ?? undefined;
  return {
    inputTokens,
    outputTokens,
    ...(typeof cached === "number" && { cachedInputTokens: cached }),
    ...(typeof written === "number" && { cacheWriteTokens: written }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  };
}
