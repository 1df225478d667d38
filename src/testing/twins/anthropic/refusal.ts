import type { TwinEvent } from "../http-twin.ts";
import type { Failure } from "../scripting/step.ts";

/** The twin refuses a request, with the API's status and words. https://platform.claude.com/docs/en/api/errors */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly failure: Failure;

  constructor(message: string, status = 400) {
    super(message);
    this.failure = { type: "fail", status, message };
  }
}

export const errorBody = ({ status, error, message }: Failure, requestId?: string): unknown => ({
  type: "error",
  error: {
    type: error ?? kinds.get(status)?.[0] ?? (status < 500 ? "invalid_request_error" : "api_error"),
    message: message ?? kinds.get(status)?.[1] ?? "Error",
  },
  ...(requestId === undefined ? {} : { request_id: requestId }),
});

/** An error after the 200 has no request id. https://platform.claude.com/docs/en/build-with-claude/streaming#error-events */
export const errorEvent = (failure: Failure): TwinEvent => ({
  event: "error",
  data: errorBody(failure),
});

/** https://platform.claude.com/docs/en/api/rate-limits#response-headers */
export function failureHeaders({
  status,
  retryAfterS,
  headers = {},
}: Failure): Record<string, string> {
  return {
    ...(status === 429 ? { ...limits("0"), "retry-after": "30" } : {}),
    ...(retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) }),
    ...headers,
  };
}

/** Every answer says how much is left. */
export const limits = (left: string): Record<string, string> =>
  Object.fromEntries(
    ["requests", "tokens", "input-tokens", "output-tokens"].flatMap((what) => [
      [`anthropic-ratelimit-${what}-limit`, "1000000"],
      [`anthropic-ratelimit-${what}-remaining`, left],
      [`anthropic-ratelimit-${what}-reset`, "2026-01-01T00:01:00Z"],
    ]),
  );

const kinds: ReadonlyMap<number, readonly [type: string, message: string]> = new Map([
  [400, ["invalid_request_error", "Invalid request"]],
  [401, ["authentication_error", "invalid x-api-key"]],
  [402, ["billing_error", "Your credit balance is too low"]],
  [
    403,
    ["permission_error", "Your API key does not have permission to use the specified resource"],
  ],
  [404, ["not_found_error", "Not found"]],
  [413, ["request_too_large", "Request exceeds the maximum size"]],
  [429, ["rate_limit_error", "This request would exceed your organization's rate limit"]],
  [500, ["api_error", "Internal server error"]],
  [504, ["timeout_error", "Request timed out"]],
  [529, ["overloaded_error", "Overloaded"]],
]);
