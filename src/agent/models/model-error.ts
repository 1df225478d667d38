import { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";
import type { Usage } from "../../core/journal.ts";

/**
 * Why a model did not answer:
 *
 * - `rate-limit`, `overloaded`, `server`, `network`, `timeout`: the same request may well be answered later;
 * - `auth`, `not-found`, `invalid`: it never will, something is configured or built wrongly;
 * - `context`: the conversation is too long for the model;
 * - `refused`: the provider's policy does not allow an answer.
 */
export const ModelFailure = z.enum([
  "rate-limit",
  "overloaded",
  "server",
  "network",
  "timeout",
  "auth",
  "not-found",
  "invalid",
  "context",
  "refused",
]);
export type ModelFailure = z.infer<typeof ModelFailure>;

export interface ModelErrorFacts {
  readonly failure: ModelFailure;
  readonly status?: number;
  /** How long the provider asks to wait. */
  readonly retryAfterMs?: number;
  /** What the failed attempt used all the same, as far as the provider told. */
  readonly usage?: Usage;
  /** The provider's id of the request, to ask it about. */
  readonly requestId?: string;
}

/** A failed call of a model; `facts` are its `data`. */
export function modelError(
  model: string,
  reason: string,
  { cause, ...facts }: ModelErrorFacts & { readonly cause?: unknown },
): OpsthreadError {
  return new OpsthreadError("MODEL_FAILED", `Cannot get an answer of "${model}": ${reason}`, {
    data: { ...facts },
    ...(cause !== undefined && { cause }),
  });
}
