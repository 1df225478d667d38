import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError, messageOf, OpsthreadError } from "../../core/errors.ts";
import type { ModelUse } from "../../core/journal.ts";
import { addUsage } from "../../core/spent.ts";
import type { Model, ModelEvent, ModelRequest } from "../model.ts";
import { attempt } from "./attempt.ts";
import { failedUses, failureOf } from "./failures.ts";

export interface RetryPolicy {
  /** Calls of one model for one step, the first included. Default 6. */
  readonly attempts: number;
  /** The first wait, milliseconds; each further one is twice as long, with jitter. Default 500. */
  readonly firstWaitMs: number;
  /** The longest wait, unless the provider asks for more. Default 30 s. */
  readonly maxWaitMs: number;
  /** A call from which nothing has come for so long is given up and made again. Default 2 min. */
  readonly idleMs: number;
  /** When a step's calls, with the waits between them, have taken so long, no further one is made. Default 15 min. */
  readonly deadlineMs: number;
}

export const defaultRetry: RetryPolicy = {
  attempts: 6,
  firstWaitMs: 500,
  maxWaitMs: 30_000,
  idleMs: 120_000,
  deadlineMs: 15 * 60_000,
};

export interface ResilientOptions {
  readonly clock: Clock;
  readonly retry?: Partial<RetryPolicy>;
  /** Numbers from 0 to 1, for jitter. */
  readonly random?: () => number;
}

/**
 * A model that tries again what may succeed later, and goes on to the next of `models` with what will not. No effect can
 * come between two tries: tools run only after an answer is complete.
 */
export function resilientModel(
  models: readonly [Model, ...Model[]],
  { clock, retry, random = Math.random }: ResilientOptions,
): Model {
  const policy = { ...defaultRetry, ...retry };
  const [first] = models;
  const contextTokens = Math.min(...models.map(({ capabilities }) => capabilities.contextTokens));

  async function* respond(
    request: ModelRequest,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<ModelEvent> {
    const until = clock.now() + policy.deadlineMs;
    const wasted: ModelUse[] = [];
    let calls = 0;
    for (const [index, model] of models.entries()) {
      const next = models[index + 1];
      for (let tries = 1; ; tries += 1) {
        calls += 1;
        let failed: OpsthreadError;
        try {
          const own = tries === 1 ? resumeOf(request, model) : request;
          for await (const event of attempt(model, own, { signal, clock, idleMs: policy.idleMs }))
            yield told(event, model, wasted);
          return;
        } catch (error) {
          signal.throwIfAborted();
          if (!isOpsthreadError(error, "MODEL_FAILED")) throw error;
          failed = error;
        }
        const { isTransient, isFinal, retryAfterMs } = failureOf(failed);
        wasted.push(...failedUses(failed, model.name));
        if (isFinal) throw withUses(failed, wasted);
        const waitMs = waitAfter(tries, retryAfterMs, { ...policy, random });
        const again = isTransient && tries < policy.attempts && clock.now() + waitMs <= until;
        if (!again && !next) throw withUses(failed, wasted);
        const reason = again
          ? messageOf(failed)
          : `${messageOf(failed)}: going on with ${next?.name}`;
        yield { type: "retry", attempt: calls, waitMs: again ? waitMs : 0, reason };
        if (!again) break;
        await clock.sleep(waitMs, { signal });
      }
    }
  }

  return {
    name: models.map(({ name }) => name).join(" | "),
    names: models.map(({ name }) => name),
    capabilities: { ...first.capabilities, contextTokens },
    respond,
    // Not tried again: who asks has an estimate.
    ...(first.countTokens && { countTokens: first.countTokens.bind(first) }),
  };
}

/** Full jitter on the upper half, so that many workers do not come back together. */
function waitAfter(
  tries: number,
  retryAfterMs: number | undefined,
  {
    firstWaitMs,
    maxWaitMs,
    random,
  }: Pick<RetryPolicy, "firstWaitMs" | "maxWaitMs"> & { readonly random: () => number },
): number {
  const backoff = Math.min(maxWaitMs, firstWaitMs * 2 ** (tries - 1));
  return Math.round(Math.max(retryAfterMs ?? 0, backoff * (0.5 + random() / 2)));
}

/** A handle says whose it is. */
function resumeOf({ resume, ...request }: ModelRequest, { name }: Model): ModelRequest {
  const isOwn =
    typeof resume === "object" && resume !== null && "of" in resume && resume.of === name;
  return isOwn && "handle" in resume ? { ...request, resume: resume.handle } : request;
}

function told(event: ModelEvent, { name }: Model, wasted: readonly ModelUse[]): ModelEvent {
  if (event.type === "started") return { ...event, handle: { of: name, handle: event.handle } };
  if (event.type !== "completed") return event;
  const { response } = event;
  const failed = wasted.length > 0 && { failed: [...wasted] };
  const usage = wasted.reduce((sum, use) => addUsage(sum, use.usage), response.usage);
  return { ...event, response: { ...response, model: name, usage, ...failed } };
}

/** The failure that ends it, with what all tries used. */
function withUses(failed: OpsthreadError, wasted: readonly ModelUse[]): OpsthreadError {
  const { code, message, cause, data } = failed;
  return wasted.length === 0
    ? failed
    : new OpsthreadError(code, message, { cause, data: { ...data, failed: wasted } });
}
