import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from "@modelcontextprotocol/client";

import { messageOf } from "../../core/errors.ts";
import { brokenOff } from "./http-transport.ts";
import { type McpTransport, wasClosed } from "./transport.ts";

/** What went wrong with a request, and whether the server may have acted on it all the same. */
export interface Failure {
  readonly text: string;
  readonly mayHaveRun: boolean;
  /** It has forgotten the session that the request named, and done nothing. */
  readonly isSessionGone?: boolean;
}

/** Tells what an error of the client means, in words that follow the server's name. */
export function failureOf(error: unknown, { endedBecause }: McpTransport): Failure {
  if (endedBecause !== undefined && endedBecause !== wasClosed)
    return { text: endedBecause, mayHaveRun: true };
  if (error instanceof SdkHttpError) return httpFailure(error);
  if (error instanceof ProtocolError)
    return { text: `it said: ${short(error.message)}`, mayHaveRun: error.code === brokenOff };
  if (error instanceof SdkError && error.code !== SdkErrorCode.EraNegotiationFailed)
    return sdkFailure(error);
  // What went wrong with the client's first question is in its cause.
  return fetchFailure(error instanceof SdkError && error.cause !== undefined ? error.cause : error);
}

function httpFailure({ status, message }: SdkHttpError): Failure {
  if (status === 401 || status === 403)
    return {
      text: `it does not let the bot in (HTTP ${status}): it needs a secret that it takes, see docs/mcp.md; signing in by OAuth is not supported`,
      mayHaveRun: false,
    };
  return {
    text: `it answered with HTTP ${status}: ${short(message)}`,
    // What stands before a server says 502 or 504 also of one that went on working.
    mayHaveRun: status >= 500,
    // 404 is what the protocol says; 400 is what servers say that do not look it up.
    isSessionGone: status === 404 || status === 400,
  };
}

function sdkFailure({ code, message }: SdkError): Failure {
  if (code === SdkErrorCode.ConnectionClosed) return { text: wasClosed, mayHaveRun: true };
  if (asked.includes(code))
    return { text: `it asked for what it can't have: ${short(message)}`, mayHaveRun: true };
  return { text: short(message), mayHaveRun: code === SdkErrorCode.InvalidResult };
}

/** What becomes of a call in which the server wants a person or a model. */
const asked: readonly SdkErrorCode[] = [
  SdkErrorCode.CapabilityNotSupported,
  SdkErrorCode.InputRequiredRoundsExceeded,
  SdkErrorCode.UnsupportedResultType,
];

/** `fetch` says why in its cause. */
function fetchFailure(error: unknown): Failure {
  const cause = error instanceof Error ? error.cause : undefined;
  const code =
    typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : undefined;
  if (code === undefined) return { text: short(messageOf(error)), mayHaveRun: true };
  return {
    text: `it can't be reached (${short(code)})`,
    mayHaveRun: !["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"].includes(code),
  };
}

/** Most of these words are the server's. */
const short = (text: string): string => (text.length <= 500 ? text : `${text.slice(0, 500)}…`);
