import { type ErrorCode, messageOf, OpsthreadError } from "../../core/errors.ts";

/**
 * What a failed call of the Web API means. What Slack surely did not do may be done again; what it may have done is
 * unknown. https://docs.slack.dev/reference/methods/chat.postMessage/#errors
 */
export function callFailed(error: unknown, method: string): OpsthreadError {
  const { code, data, detail } = meaningOf(error);
  return new OpsthreadError(code, `Cannot call ${method} of Slack: ${detail}`, {
    cause: error,
    ...(data && { data }),
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** By the codes of `@slack/web-api`, so that this needs none of its classes. */
function meaningOf(error: unknown): Meaning {
  switch (field(error, "code")) {
    case "slack_webapi_rate_limited_error":
      return rateLimited(Number(field(error, "retryAfter")));
    case "slack_webapi_platform_error":
      return platformMeaning(field(error, "data"));
    case "slack_webapi_http_error": {
      const status = Number(field(error, "statusCode"));
      const code = status < 500 ? "ADAPTER_POST_FAILED" : "ADAPTER_POST_UNKNOWN";
      return { code, detail: `status ${status}` };
    }
    case "slack_webapi_request_error": {
      const original = field(error, "original");
      const cause = field(field(original, "cause"), "code");
      const reason = typeof cause === "string" ? cause : messageOf(original);
      const code = neverSent.has(reason) ? "ADAPTER_POST_FAILED" : "ADAPTER_POST_UNKNOWN";
      return { code, detail: reason };
    }
    default:
      return { code: "ADAPTER_POST_UNKNOWN", detail: messageOf(error) };
  }
}

function platformMeaning(data: unknown): Meaning {
  const error = String(field(data, "error"));
  if (error === "ratelimited")
    return rateLimited(Number(field(field(data, "response_metadata"), "retryAfter") ?? 30));
  // A page of a proxy in the place of an answer.
  if (!/^[a-z_]{1,100}$/.test(error) || maybeDone.has(error))
    return { code: "ADAPTER_POST_UNKNOWN", detail: error.slice(0, 100) };
  if (error === "missing_scope")
    return {
      code: "ADAPTER_POST_FAILED",
      detail: `the token lacks the scope "${String(field(data, "needed"))}" (missing_scope)`,
      data: { slackError: error },
    };
  const code = mayPass.has(error) ? "ADAPTER_POST_FAILED" : "ADAPTER_POST_REJECTED";
  return { code, detail: error, data: { slackError: error } };
}

function rateLimited(seconds: number): Meaning {
  const retryAfterMs = (Number.isFinite(seconds) ? Math.max(1, seconds) : 30) * 1000;
  return { code: "ADAPTER_RATE_LIMITED", detail: "too many calls", data: { retryAfterMs } };
}

/** Connections that were never made. */
const neverSent = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);
/** "It's possible some aspect of the operation succeeded before the error was raised." */
const maybeDone = new Set(["fatal_error", "internal_error", "request_timeout"]);
/** Nothing was done, and it may go another time: Slack recovers, or somebody changes a token or invites the bot. */
const mayPass = new Set([
  "accesslimited",
  "account_inactive",
  "ekm_access_denied",
  "invalid_auth",
  "not_authed",
  "not_in_channel",
  "org_login_required",
  "service_unavailable",
  "team_added_to_org",
  "token_expired",
  "token_revoked",
]);

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
