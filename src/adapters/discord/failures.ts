import { type ErrorCode, isOpsthreadError, messageOf, OpsthreadError } from "../../core/errors.ts";

/**
 * What a failed call of the REST API means. What Discord surely did not do may be done again; what it may have done is
 * unknown. https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
 */
export function callFailed(error: unknown, call: string): OpsthreadError {
  const { code, data, detail } = meaningOf(error);
  return new OpsthreadError(code, `Cannot call ${call} of Discord: ${detail}`, {
    cause: error,
    ...(data && { data }),
  });
}

/** Discord can't be asked what must be known to begin. */
export const unreachable = (error: unknown): OpsthreadError =>
  new OpsthreadError("ADAPTER_UNAVAILABLE", `Cannot reach Discord: ${messageOf(error)}`, {
    cause: error,
  });

/** Discord's own code of what it refused; undefined for everything else. */
export function discordCode(error: unknown): number | undefined {
  const code = isOpsthreadError(error) ? error.data["discordCode"] : undefined;
  // What stands before Discord refuses without one, and 0 says no more than the status does.
  return typeof code === "number" && code > 0 ? code : undefined;
}

/** Codes that the adapter does something about. */
export const codes = {
  unknownChannel: 10_003,
  unknownMessage: 10_008,
  threadFull: 30_033,
  tooLarge: 40_005,
  alreadyAcknowledged: 40_060,
  missingAccess: 50_001,
  notAText: 50_008,
  missingPermissions: 50_013,
  wrongChannelType: 50_024,
  invalidForm: 50_035,
  threadArchived: 50_083,
  threadExists: 160_004,
  threadLocked: 160_005,
  tooManyThreads: 160_006,
  tooManyNewsThreads: 160_007,
  moderated: 200_000,
  moderatedTitle: 200_001,
} as const;

interface Meaning {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** By what `@discordjs/rest` puts on its errors, so that this needs none of its classes. */
function meaningOf(error: unknown): Meaning {
  const retryAfterMs = field(error, "retryAfter");
  if (typeof retryAfterMs === "number" && field(error, "route") !== undefined)
    return {
      code: "ADAPTER_RATE_LIMITED",
      detail: "too many calls",
      data: { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) },
    };
  const status = field(error, "status");
  const code = field(error, "code");
  if (typeof status === "number")
    return typeof code === "number" || status < 500
      ? refusalMeaning(status, { code: Number(code), message: messageOf(error) })
      : { code: "ADAPTER_POST_UNKNOWN", detail: `status ${status}` };
  const cause = field(field(error, "cause"), "code");
  const reason = [cause, code, messageOf(error)].find((each) => typeof each === "string") ?? "";
  return {
    code: neverSent.has(reason) ? "ADAPTER_POST_FAILED" : "ADAPTER_POST_UNKNOWN",
    detail: reason,
  };
}

function refusalMeaning(
  status: number,
  { code, message }: { readonly code: number; readonly message: string },
): Meaning {
  const data = { discordCode: code, status };
  const passes = status === 401 || status === 403 || mayPass.has(code);
  return {
    code: passes ? "ADAPTER_POST_FAILED" : "ADAPTER_POST_REJECTED",
    detail: `${message.split("\n")[0] ?? ""} (${Number.isFinite(code) ? code : status})`,
    data,
  };
}

/** Connections that were never made. */
const neverSent = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Nothing was done, and it may go another time: Discord recovers, or somebody unlocks, allows or makes room. */
const mayPass = new Set([
  20_016, // Slow mode.
  20_028, // Too much was written in the channel.
  40_004, // Sending is turned off for a while.
  40_062,
  codes.threadArchived,
  codes.threadLocked,
  codes.threadFull,
  codes.tooManyThreads,
  codes.tooManyNewsThreads,
]);

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
