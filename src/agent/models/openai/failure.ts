import { z } from "zod";

import type { ModelFailure } from "../model-error.ts";

/** What the API says went wrong, wherever it says it. https://platform.openai.com/docs/guides/error-codes */
export interface Trouble {
  readonly status?: number | undefined;
  readonly code?: string | null | undefined;
  /** The kind of error; where there is no code it is all that is told. */
  readonly type?: string | null | undefined;
  readonly param?: string | null | undefined;
  readonly message: string;
  readonly requestId?: string | undefined;
  readonly headers?: Headers | undefined;
  readonly cause?: unknown;
}

const Thrown = z.object({
  status: z.number().optional().catch(undefined),
  code: z.string().nullish().catch(undefined),
  type: z.string().nullish().catch(undefined),
  param: z.string().nullish().catch(undefined),
  message: z.string().catch(""),
  requestID: z.string().nullish().catch(undefined),
  headers: z.instanceof(Headers).optional().catch(undefined),
});

/** Reads what the vendor's client threw. By its shape: its classes are loaded no earlier than it is. */
export function troubleOf(error: unknown): Trouble {
  const { data } = Thrown.safeParse(error);
  if (!data) return { message: String(error), cause: error };
  const { requestID, message, ...facts } = data;
  return {
    ...facts,
    message: message === "" ? String(error) : message,
    requestId: requestID ?? undefined,
    cause: error,
  };
}

/** Whether it was the connection that failed: the API has said nothing. */
export function isBroken({ status, code, type }: Trouble): boolean {
  return [status, code, type].every((told) => told === undefined || told === null);
}

export function failureOf(trouble: Trouble): ModelFailure {
  const { status, code, type, message, cause } = trouble;
  const told = byCode(code ?? type ?? "", message);
  if (told !== undefined) return told;
  if (status !== undefined) return byStatus(status);
  if (isBroken(trouble))
    return isTimeout(cause) || /timed out/i.test(message) ? "timeout" : "network";
  // In a stream, or of a response that has failed.
  if (code === "rate_limit_exceeded") return "rate-limit";
  if (/overloaded/i.test(message)) return "overloaded";
  return type === "invalid_request_error" ? "invalid" : "server";
}

function byCode(code: string, message: string): ModelFailure | undefined {
  if (code === "context_length_exceeded" || /exceeds the context window/i.test(message))
    return "context";
  // More than the organisation may send within a minute: it does not get less by waiting.
  if (/^(?:\d+ )?request too large/i.test(message)) return "context";
  // It is out of money, and no wait helps: a person has to do something, as with a wrong key.
  if (code === "insufficient_quota" || code.startsWith("billing_")) return "auth";
  if (code === "invalid_prompt" || code === "content_filter" || code.endsWith("_policy"))
    return "refused";
  if (code.startsWith("content_policy") || code.endsWith("_policy_violation")) return "refused";
  if (code === "model_not_found") return "not-found";
  return undefined;
}

function byStatus(status: number): ModelFailure {
  switch (status) {
    case 401:
    case 403:
      return "auth";
    case 404:
      return "not-found";
    case 408:
    case 504:
      return "timeout";
    case 409: // A lock of theirs.
      return "server";
    case 413:
      return "context";
    case 429:
      return "rate-limit";
    case 503:
    case 529:
      return "overloaded";
    default:
      return status >= 500 ? "server" : "invalid";
  }
}

const UndiciError = z.object({ code: z.string() });

/** The client's own limits on silence, which undici reports as the cause of the broken body. */
function isTimeout(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    const { data } = UndiciError.safeParse(at);
    if (data?.code.endsWith("_TIMEOUT") || data?.code === "ETIMEDOUT") return true;
  }
  return false;
}
