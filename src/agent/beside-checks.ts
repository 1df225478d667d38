import type { ModelResponse, Usage } from "../core/journal.ts";
import type { Message } from "../core/message.ts";
import { guard, type Guarded, type Guardrail, guardrailStopped } from "./guardrail.ts";
import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";

/** A message as the guardrails before have left it. */
export type Unchecked = Pick<Message, "id" | "text" | "actor">;

/**
 * Runs a call of the model while the parallel guardrails look at the messages that nobody has looked at. Its answer is
 * given on after all of them have allowed that. The first that does not ends the call, and the others.
 * @throws {OpsthreadError} `GUARDRAIL_STOPPED`, after that is on record with what the call has used
 */
export async function* besideChecks(
  call: (signal: AbortSignal) => AsyncGenerator<LoopEvent, ModelResponse>,
  options: Pick<
    LoopOptions,
    "guardrails" | "unchecked" | "session" | "clock" | "transcript" | "redact"
  > & { readonly record: Recorder; readonly signal: AbortSignal },
): AsyncGenerator<LoopEvent, ModelResponse> {
  const { guardrails = [], unchecked = () => [], transcript, redact, record, signal } = options;
  const parallel = guardrails.filter(
    (guardrail) => guardrail.input !== undefined && guardrail.parallel,
  );
  const messages = parallel.length > 0 ? unchecked() : [];
  if (messages.length === 0) return yield* call(signal);

  const ending = new AbortController();
  const both = AbortSignal.any([signal, ending.signal]);
  const checks = startChecks(parallel, messages, { ...options, signal: both });
  const spoken = checks.spoken.then((blocked) => {
    if (blocked) ending.abort();
    return blocked;
  });
  let answer: ModelResponse | undefined;
  try {
    try {
      answer = yield* call(both);
    } catch (error) {
      if (!ending.signal.aborted) throw error;
    }
    const blocked = await spoken;
    signal.throwIfAborted();
    if (blocked) {
      const { messageId, by, reason } = blocked;
      // What a call has used that was cut short is not told by any vendor: its input is estimated.
      const usage: Usage = answer?.usage ?? {
        inputTokens: transcript.conversation.size.tokens,
        outputTokens: 0,
      };
      yield record({
        type: "message-checked",
        messageId,
        blocked: { by, reason: redact(reason) },
        usage,
      });
      throw guardrailStopped(blocked);
    }
    if (!answer) throw new RangeError("Cannot go on: the call was ended by nobody");
    for (const { id } of messages) yield record({ type: "message-checked", messageId: id });
    return answer;
  } finally {
    ending.abort();
    await checks.drained();
  }
}

interface Blocked {
  readonly messageId: string;
  readonly by: string;
  readonly reason: string;
}

function startChecks(
  guardrails: readonly Guardrail[],
  messages: readonly Unchecked[],
  {
    session: { sessionId },
    clock,
    signal,
  }: Pick<LoopOptions, "session" | "clock"> & { readonly signal: AbortSignal },
): {
  /** The first that blocks a message; undefined when all have allowed all, or the signal has aborted. */
  readonly spoken: Promise<Blocked | undefined>;
  /** Resolves when none of them works any more, or one that was told to end has had its time for it. */
  drained(): Promise<void>;
} {
  const asked: Promise<unknown>[] = [];
  const check = async (guardrail: Guardrail, message: Unchecked): Promise<Blocked | undefined> => {
    const guarded = await guard([guardrail], message.text, {
      sessionId,
      signal,
      clock,
      ask: async (asking, _text, context) => {
        const verdict = Promise.resolve(asking.input?.(message, context));
        asked.push(verdict);
        return (await verdict) ?? { type: "allow" };
      },
    });
    return blockedBy(guarded, guardrail, message);
  };
  const checks = messages.flatMap((message) =>
    guardrails.map((guardrail) => check(guardrail, message)),
  );
  return {
    spoken: firstOf(checks),
    async drained() {
      const over = new AbortController();
      const waited = clock.sleep(drainMs, { signal: over.signal }).catch(() => {}); // All have ended.
      await Promise.race([Promise.allSettled([...checks, ...asked]), waited]);
      over.abort();
    },
  };
}

/** Those that do not obey their signal must not keep a stopped turn waiting. */
const drainMs = 500;

function blockedBy(
  guarded: Guarded,
  { name }: Guardrail,
  { id, text }: Unchecked,
): Blocked | undefined {
  if (guarded.type !== "passed") return { messageId: id, by: guarded.by, reason: guarded.reason };
  if (guarded.text === text) return undefined;
  const reason = "it would have said this in other words, but the model had been told already";
  return { messageId: id, by: name, reason };
}

function firstOf(checks: readonly Promise<Blocked | undefined>[]): Promise<Blocked | undefined> {
  return new Promise((resolve) => {
    for (const check of checks)
      check.then(
        (blocked) => blocked && resolve(blocked),
        () => {}, // The signal has aborted, which the caller knows.
      );
    void Promise.allSettled(checks).then(() => resolve(undefined));
  });
}
