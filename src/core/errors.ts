/**
 * Every error code of Opsthread with the one-line meaning that `docs/errors.md` must carry.
 * Expected outcomes (a non-zero exit code, a denied approval, a failed tool) are values, not errors.
 */
export const errorCodes = {
  ADAPTER_POST_FAILED: "The platform did not take a post; sending it again is safe",
  ADAPTER_POST_REJECTED: "The platform refused a post for good; sending it again would not help",
  ADAPTER_POST_UNKNOWN: "It is not known whether the platform took a post",
  ADAPTER_RATE_LIMITED: "The platform asked to wait before the next call",
  ADAPTER_UNAVAILABLE: "The platform could not be reached",
  ATTACHMENT_TOO_LARGE: "An attachment is larger than the configured limit",
  ATTACHMENT_UNAVAILABLE: "An attachment could not be read from its platform",
  BLOBS_UNAVAILABLE: "Where blobs are kept could not be reached, or refused what was asked",
  BLOB_DAMAGED: "A blob is not what was written",
  CONFIG_INVALID: "The configuration, an option or an argument is not usable",
  GUARDRAIL_STOPPED: "A guardrail ended the turn",
  MCP_FAILED: "An MCP server did not do what was asked",
  MODEL_FAILED: "The model could not answer",
  SANDBOX_ARCHIVE_REFUSED: "A tar stream holds what may not be unpacked",
  SANDBOX_BUSY: "The session's sandbox is in use",
  SANDBOX_CLOSED: "The sandbox was used after it was closed",
  SANDBOX_ENGINE: "The container engine did not do what was asked",
  SANDBOX_IMAGE: "The sandbox image is not there or can't be used",
  SANDBOX_LOST: "The sandbox ended on its own",
  SANDBOX_PATH_REFUSED: "A path leads out of the sandbox's folders, or is not allowed there",
  SANDBOX_QUOTA: "A file or the workspace would grow over its limit",
  SANDBOX_UNSUPPORTED: "This sandbox driver cannot do what was asked",
  SNAPSHOT_NOT_FOUND: "There is no such snapshot of the workspace",
  SOURCE_UNREADABLE: "A configured source could not be read",
  STORE_CORRUPT: "A stored record does not have the expected shape",
  STORE_FENCED: "A write was refused because the writer's lease is no longer the current one",
  STORE_LOCKED: "Another process uses the data folder",
  STORE_SCHEMA_NEWER: "The data folder was written by a newer version of Opsthread",
  STORE_UNAVAILABLE: "The store could not be reached",
  TASK_FAILED: "A task ended without a result",
  TASK_INPUT_INVALID: "A task's input does not match its schema",
  TASK_NOT_FOUND: "A task's module does not export it",
  TOOL_ENDED_TURN: "A tool failed in a way that ends the turn",
} as const;

export type ErrorCode = keyof typeof errorCodes;

const brand = Symbol.for("opsthread.error");

/** The only error class of Opsthread. Recognise it with {@link isOpsthreadError}, never by message. */
export class OpsthreadError extends Error {
  override readonly name = "OpsthreadError";
  readonly code: ErrorCode;
  /** Facts for programs, by code: see docs/errors.md. Never secrets. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly [brand] = true;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; data?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.data = options.data ?? {};
  }
}

/** Whether `error` is an {@link OpsthreadError}, of one of `codes` when any are given. */
export function isOpsthreadError(
  error: unknown,
  ...codes: readonly ErrorCode[]
): error is OpsthreadError {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return codes.length === 0 || codes.some((code) => "code" in error && error.code === code);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
