import type { ModelEvent } from "../../model.ts";
import { messageBreak } from "./answer.ts";
import type { Handle } from "./provider-state.ts";
import type { WireEvent } from "./wire.ts";

/** Turns the API's events into the harness's, and knows whether any text was among them. */
export interface Teller {
  readonly hasText: boolean;
  readonly tell: (event: WireEvent) => readonly ModelEvent[];
  /** Takes back what was told, since another response takes the place of this one. */
  readonly startOver: () => readonly ModelEvent[];
}

/** With an `endpoint`, a response that comes to be is told, so that it can be found there again. */
export function teller({ endpoint }: { readonly endpoint: string | undefined }): Teller {
  let hasText = false;
  let message: number | undefined;
  return {
    get hasText() {
      return hasText;
    },
    tell(event) {
      if (event.type === "response.created" && endpoint !== undefined) {
        const responseId = event.response.id;
        const handle: Handle = { kind: "openai-responses", endpoint, responseId };
        return [{ type: "started", handle }];
      }
      if (event.type !== "response.output_text.delta" || event.delta === "") return [];
      const isNext = hasText && event.output_index !== message;
      hasText = true;
      message = event.output_index;
      return [{ type: "text-delta", text: isNext ? `${messageBreak}${event.delta}` : event.delta }];
    },
    startOver() {
      if (!hasText) return [];
      hasText = false;
      return [{ type: "retry", attempt: 1, waitMs: 0, reason: "The answer came to nothing" }];
    },
  };
}
