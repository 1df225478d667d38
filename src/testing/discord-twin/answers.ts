import type { RateLimits } from "./rate-limits.ts";
import type { DiscordRefusal } from "./refusal.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string;
}

export function refused(refusal: DiscordRefusal, limits: RateLimits): Answer {
  const { status, code, message, errors } = refusal;
  if (status === 401 || status === 403) limits.invalid();
  return { status, body: { code, message, ...(errors && { errors }) } };
}

/** One call too many. */
export function limited(
  {
    retryAfterS,
    global,
    scope = global ? "global" : "user",
    headers,
  }: {
    readonly retryAfterS: number;
    readonly global: boolean;
    readonly scope?: string;
    readonly headers: Readonly<Record<string, string>>;
  },
  limits: RateLimits,
): Answer {
  // What many share is nobody's fault.
  if (scope !== "shared") limits.invalid();
  return {
    status: 429,
    headers: {
      ...headers,
      "retry-after": String(retryAfterS),
      "x-ratelimit-scope": scope,
      ...(global && { "x-ratelimit-global": "true" }),
    },
    body: { message: "You are being rate limited.", retry_after: retryAfterS, global },
  };
}

export const notFound: Answer = { status: 404, body: { message: "404: Not Found", code: 0 } };
/** Not Discord's own answer any more, but that of what stands before it. */
export const banned: Answer = {
  status: 429,
  headers: { "retry-after": "3600" },
  body: "error code: 1015",
};
