import { parsed } from "../arguments.ts";
import { modelError } from "../model-error.ts";
import type { Completion } from "./completion.ts";

/**
 * Looks at why the model stopped, and at what can be used. `remark` is what the text has to say about itself.
 * https://platform.openai.com/docs/api-reference/chat/object#chat/object-choices
 *
 * @throws {OpsthreadError} `MODEL_FAILED`
 */
export function concluded(
  text: string,
  { calls, finish, refusal, usage }: Completion,
  name: string,
): { readonly calls: Completion["calls"]; readonly remark: string } {
  const more = usage ? { usage } : {};
  if (refusal !== "")
    throw modelError(name, `it refused: ${refusal}`, { failure: "refused", ...more });
  if (finish === "content_filter")
    throw modelError(name, "a filter of the provider stopped the answer", {
      failure: "refused",
      ...more,
    });
  if (finish === undefined)
    throw modelError(name, "the stream ended before the answer was complete", {
      failure: "network",
      ...more,
    });
  if (finish !== "length") return { calls, remark: "" };
  const last = calls.at(-1);
  // Only what is no JSON can be a part of an object's.
  const whole = last && parsed(last.args) === undefined ? calls.slice(0, -1) : calls;
  if (whole.length === 0 && text.trim() === "")
    throw modelError(
      name,
      "the limit of an answer, or the room in the context, was used up before it said anything (maxOutputTokens, contextTokens)",
      { failure: "server", ...more },
    );
  return { calls: whole, remark: "\n\n[Cut off here: the answer reached the limit of tokens.]" };
}
