import { Stopped } from "../../core/abort.ts";
import { isOpsthreadError, messageOf, OpsthreadError } from "../../core/errors.ts";

/** The HTTP status that the engine answered with, if it did. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}

/** What went wrong with the engine, with what to do about it where that is known. Our own errors pass as they are. */
export function engineError(action: string, error: unknown): unknown {
  if (isOpsthreadError(error) || error instanceof Stopped || isAbort(error)) return error;
  const status = statusOf(error);
  const message = messageOf(error).trim();
  if (status === 404 && /no such image/i.test(message))
    return new OpsthreadError(
      "SANDBOX_IMAGE",
      `Cannot ${action}: ${message}; "opsthread image build" makes the default image`,
      { cause: error },
    );
  if (status === undefined)
    return new OpsthreadError(
      "SANDBOX_ENGINE",
      `Cannot ${action}: the container engine can't be reached (${message}); see that it runs and that this user may use it, "opsthread doctor" tells more`,
      { cause: error },
    );
  return new OpsthreadError("SANDBOX_ENGINE", `Cannot ${action}: the engine said: ${message}`, {
    cause: error,
    data: { status },
  });
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === "AbortError";
