import type { OpsthreadError } from "../../core/errors.ts";
import { Usage } from "../../core/journal.ts";
import { ModelFailure } from "./model-error.ts";

/** What may be done about a failed call. */
export interface Failure {
  /** The same call may succeed later. */
  readonly isTransient: boolean;
  /** No other model is to be asked either. */
  readonly isFinal: boolean;
  readonly retryAfterMs: number | undefined;
  readonly usage: Usage;
}

/** Reads what `modelError()` has written. A driver that says nothing has failed for good. */
export function failureOf({ data }: OpsthreadError): Failure {
  const failure = ModelFailure.safeParse(data["failure"]).data ?? "invalid";
  const usage = Usage.safeParse(data["usage"]);
  const after = data["retryAfterMs"];
  return {
    isTransient: transient.has(failure),
    isFinal: failure === "refused",
    retryAfterMs: typeof after === "number" ? after : undefined,
    usage: usage.data ?? noUsage,
  };
}

const transient: ReadonlySet<ModelFailure> = new Set<ModelFailure>([
  "rate-limit",
  "overloaded",
  "server",
  "network",
  "timeout",
]);

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0 };

export const addUsage = (a: Usage, b: Usage): Usage => ({
  ...a,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
});
