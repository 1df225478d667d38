import { z } from "zod";

import type { OpsthreadError } from "../../core/errors.ts";
import { ModelUse, Usage } from "../../core/journal.ts";
import { noUsage } from "../../core/spent.ts";
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

/** Whether the conversation was too long for the model. */
export const isOverflow = ({ data }: OpsthreadError): boolean => data["failure"] === "context";

/** What a failed call used all the same, by model; `asked` is the name of the model that was called. */
export function failedUses({ data }: OpsthreadError, asked: string): readonly ModelUse[] {
  const told = z.array(ModelUse).safeParse(data["failed"]);
  if (told.success) return told.data;
  const usage = Usage.safeParse(data["usage"]);
  return usage.success ? [{ model: asked, usage: usage.data }] : [];
}
