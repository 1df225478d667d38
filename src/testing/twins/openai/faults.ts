import type { Answer, Ending, Fault } from "./script.ts";

interface Failure {
  readonly message?: string;
  readonly type?: string;
  readonly code?: string | null;
  readonly param?: string | null;
  /** `retry-after`, `retry-after-ms`, `x-ratelimit-remaining-tokens`, … */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error instead of a response. https://platform.openai.com/docs/guides/error-codes */
export function fail(status: number, { headers = {}, ...error }: Failure = {}): Fault {
  return { type: "fail", status, headers, error: { param: null, ...usual(status), ...error } };
}

function usual(status: number): { message: string; type: string; code: string | null } {
  if (status === 429) {
    const message = "Rate limit reached. Please try again later.";
    return { message, type: "tokens", code: "rate_limit_exceeded" };
  }
  if (status < 500) return { message: "Refused.", type: "invalid_request_error", code: null };
  const isBusy = status === 503;
  const message = isBusy
    ? "The engine is currently overloaded, please try again later."
    : "The server had an error while processing your request.";
  return { message, type: "server_error", code: isBusy ? null : "server_error" };
}

/** The connection is cut before anything came to be. */
export function drop(): Fault {
  return { type: "drop" };
}

/** The response comes to be and is stored, but the reply is lost. */
export function lost(answer: Answer): Answer {
  return { ...answer, isLost: true };
}

/** The first connection that streams the response is cut after so many events, the second (of who resumed) after so many, … */
export function cut(answer: Answer, ...afterEvents: readonly number[]): Answer {
  return { ...answer, cuts: afterEvents };
}

/** The response pauses after so many events, each time until the twin's `release()` or the client goes. */
export function stall(answer: Answer, ...afterEvents: readonly number[]): Answer {
  return { ...answer, stalls: afterEvents };
}

/** The response ends early; its last item is incomplete. */
export function incomplete(
  answer: Answer,
  reason: Extract<Ending, { type: "incomplete" }>["reason"],
): Answer {
  return { ...answer, ending: { type: "incomplete", reason } };
}

/** The response ends with `response.failed`, or as a response whose status is `failed`. */
export function failed(
  answer: Answer,
  code: "server_error" | "rate_limit_exceeded" | "invalid_prompt" = "server_error",
  message = "The model failed to generate a response.",
): Answer {
  return { ...answer, ending: { type: "failed", code, message } };
}

/** The stream ends with an `error` event after so many events; without a stream it is a 500. */
export function streamError(
  answer: Answer,
  afterEvents: number,
  { code = "server_error", message = "The server had an error." } = {},
): Answer {
  return { ...answer, ending: { type: "error", afterEvents, code, message } };
}
