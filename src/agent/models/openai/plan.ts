import type { ModelRequest } from "../../model.ts";
import { failureOf, type Trouble } from "./failure.ts";
import type { Outcome } from "./follow.ts";
import { type Input, newInput, wholeInput } from "./input.ts";
import type { Settings } from "./settings.ts";

/**
 * Ways to say a conversation, the cheapest first: what is new to the server, the whole, the whole without what the server
 * sealed.
 */
export type Plan = "new" | "whole" | "plain";

/** Undefined when there is nothing that the server would have kept. */
export function inputFor(
  plan: Plan,
  request: ModelRequest,
  { origin, isStored }: Settings,
): Input | undefined {
  switch (plan) {
    case "new":
      return isStored ? newInput(request, origin) : undefined;
    case "whole":
      return wholeInput(request.items, { origin });
    case "plain":
      return wholeInput(request.items, { origin, isPlain: true });
  }
}

/** What to try after a refusal, when another way of saying it may be taken. */
export function planAfter(plan: Plan, outcome: Outcome): Plan | undefined {
  if (outcome.type === "over") return undefined;
  const { trouble } = outcome;
  switch (plan) {
    case "new":
      // What the server keeps and nobody can see, such as reasoning, may be more than what is said again.
      return isForgotten(trouble) || failureOf(trouble) === "context" ? "whole" : undefined;
    case "whole":
      return isSealed(trouble) ? "plain" : undefined;
    case "plain":
      return undefined;
  }
}

/** The documentation says 404, in the wild it is a 400; an organisation without data retention gets one too. */
function isForgotten({ status, code, param }: Trouble): boolean {
  if (code === "previous_response_not_found") return true;
  return (status === 400 || status === 404) && param === "previous_response_id";
}

/** It was sealed for another organisation, or with a key that is no more; or it was never stored. */
function isSealed({ status, code, message }: Trouble): boolean {
  if (code === "invalid_encrypted_content") return true;
  return (status === 400 || status === 404) && /\bitem (?:with id )?'\w+' /i.test(message);
}
