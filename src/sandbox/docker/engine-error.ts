import { Stopped } from "../../core/abort.ts";
import { isOpsthreadError, OpsthreadError } from "../../core/errors.ts";
import { engineError, engineMessage } from "./engine.ts";

/** The HTTP status that the engine answered with, if it did. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}

/** Whether it says that there is no such container, or that it does not run. */
export const isContainerGone = (error: unknown): boolean =>
  [404, 409].includes(statusOf(error) ?? 0);

/** What went wrong while something was done with a container. Errors of our own and aborts pass as they are. */
export function containerError(action: string, error: unknown): unknown {
  const isOurs = isOpsthreadError(error) || error instanceof Stopped;
  if (isOurs || (error instanceof Error && error.name === "AbortError")) return error;
  const message = engineMessage(error);
  if (statusOf(error) === 404 && /no such image/i.test(message))
    return new OpsthreadError(
      "SANDBOX_IMAGE",
      `Cannot ${action}: ${message}; "opsthread image build" makes the default image`,
      { cause: error },
    );
  if (statusOf(error) !== undefined) return engineError(action, error);
  return new OpsthreadError(
    "SANDBOX_ENGINE",
    `Cannot ${action}: the container engine can't be reached (${message}); see that it runs, "opsthread doctor" tells more`,
    { cause: error },
  );
}
