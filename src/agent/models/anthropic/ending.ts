import type { Anthropic } from "@anthropic-ai/sdk";

import { parsed } from "../arguments.ts";
import { modelError } from "../model-error.ts";
import type { WireCall } from "./native-calls.ts";
import type { Settings } from "./options.ts";
import { isBlank } from "./provider.ts";
import type { Message } from "./stream.ts";
import { totalOf } from "./usage.ts";

/** What counts of an answer. */
export interface Concluded {
  readonly content: readonly Anthropic.ContentBlockParam[];
  readonly calls: readonly WireCall[];
  /** What the text has to say about itself. */
  readonly remark: string;
}

/**
 * Looks at why the model stopped.
 * https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
 *
 * @throws {OpsthreadError} `MODEL_FAILED`
 */
export function concluded(
  messages: readonly Message[],
  { name, maxOutputTokens }: Settings,
): Concluded {
  const last = messages.at(-1);
  const content = messages.flatMap((message) => message.content);
  const calls = messages.flatMap((message) => message.calls);
  const usage = totalOf(messages);
  switch (last?.stop) {
    case "refusal":
      throw modelError(name, refusalText(last.details), { failure: "refused", usage });
    case "model_context_window_exceeded":
      throw modelError(name, "the conversation and its answer are too long for the model", {
        failure: "context",
        usage,
      });
    case "max_tokens": {
      const cut = cutCall(last);
      const whole = content.filter((block) => block.type !== "tool_use" || block.id !== cut?.id);
      const isUseful = whole.some(
        (block) => block.type === "tool_use" || (block.type === "text" && !isBlank(block)),
      );
      if (!isUseful)
        throw modelError(
          name,
          `the limit of ${maxOutputTokens} tokens was reached before it said anything (maxOutputTokens)`,
          { failure: "server", usage },
        );
      return {
        content: whole,
        calls: calls.filter(({ id }) => id !== cut?.id),
        remark: `\n\n[Cut off here: the answer reached the limit of ${maxOutputTokens} tokens.]`,
      };
    }
    case "end_turn":
    case "stop_sequence":
    case "tool_use":
    case "pause_turn":
    case null:
    case undefined:
      return { content, calls, remark: "" };
  }
}

/** A call at the end whose arguments are not whole: only what is no JSON can be a part of an object's. */
function cutCall({ content, calls }: Message): WireCall | undefined {
  const block = content.at(-1);
  const call = calls.at(-1);
  if (block?.type !== "tool_use" || call === undefined) return undefined;
  return parsed(call.json) === undefined ? call : undefined;
}

const refusalText = (details: Message["details"]): string =>
  [
    `it refused${details?.category ? ` (${details.category})` : ""}`,
    ...(details?.explanation ? [details.explanation] : []),
  ].join(": ");
