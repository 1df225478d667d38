import type { OpsthreadError } from "../../../core/errors.ts";
import type { Usage } from "../../../core/journal.ts";
import { modelError } from "../model-error.ts";
import { failureOf, type Trouble } from "./failure.ts";
import { retryAfterOf } from "./retry-after.ts";

/** What the API said, in the harness's words. */
export function apiError(model: string, trouble: Trouble, usage?: Usage): OpsthreadError {
  const { status, requestId, headers, message, cause } = trouble;
  const failure = failureOf(trouble);
  const isAtLimit = failure === "rate-limit";
  const retryAfterMs = headers && retryAfterOf(headers, { isAtLimit });
  return modelError(model, message, {
    failure,
    ...(status !== undefined && { status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(usage && { usage }),
    ...(requestId !== undefined && { requestId }),
    cause,
  });
}
