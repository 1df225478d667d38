import type { APIError } from "@anthropic-ai/sdk";

import { isOpsthreadError, messageOf } from "../../../core/errors.ts";
import type { Usage } from "../../../core/journal.ts";
import { failureByStatus } from "../failure-by-status.ts";
import { modelError, type ModelFailure } from "../model-error.ts";
import { waitMs } from "./rate-limits.ts";

/**
 * What went wrong, in the words of the port. In the middle of a stream there is no status, only the error's type.
 * https://platform.claude.com/docs/en/api/errors
 */
export async function failureOf(
  error: unknown,
  { model, usage }: { readonly model: string; readonly usage: Usage },
): Promise<unknown> {
  if (isOpsthreadError(error)) return error;
  const { APIConnectionTimeoutError, APIError } = await import("@anthropic-ai/sdk");
  const spent = usage.inputTokens > 0 ? { usage } : {};
  if (error instanceof APIConnectionTimeoutError)
    return modelError(model, "no answer in time", { failure: "timeout", cause: error, ...spent });
  if (!(error instanceof APIError) || (error.status === undefined && error.type === null))
    return modelError(model, `the connection broke: ${reasonOf(error)}`, {
      failure: "network",
      cause: error,
      ...spent,
    });
  const { status, requestID } = error;
  const wait = error.headers && waitMs(error.headers);
  return modelError(model, error.apiMessage ?? error.message, {
    failure: kindOf(error),
    cause: error,
    ...spent,
    ...(status !== undefined && { status }),
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(typeof requestID === "string" && { requestId: requestID }),
  });
}

function kindOf({ status, type, apiMessage }: APIError): ModelFailure {
  const kind = byType.get(type ?? "") ?? failureByStatus.get(status ?? 0);
  if (kind === "invalid" && tooLong.test(apiMessage ?? "")) return "context";
  // A proxy in between may have a body of its own, or none.
  return kind ?? ((status ?? 500) >= 500 ? "server" : "invalid");
}

const byType: ReadonlyMap<string, ModelFailure> = new Map([
  ["invalid_request_error", "invalid"],
  ["authentication_error", "auth"],
  ["permission_error", "auth"],
  ["billing_error", "auth"],
  ["not_found_error", "not-found"],
  // 32 MB: the conversation is too long, only not in tokens.
  ["request_too_large", "context"],
  ["rate_limit_error", "rate-limit"],
  ["api_error", "server"],
  ["timeout_error", "timeout"],
  ["overloaded_error", "overloaded"],
]);

/** https://platform.claude.com/docs/en/build-with-claude/context-windows */
const tooLong = /prompt is too long|exceeds? (the )?context (limit|window)/i;

/** What fetch says is seldom more than that it failed; its cause knows. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : reasonOf(cause);
}
