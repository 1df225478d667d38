import { abortable } from "../core/abort.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf, OpsthreadError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import type { ToolCall } from "../core/tool-result.ts";

/**
 * What a guardrail says:
 *
 * - `allow`: go on; - `replace`: go on with this text instead;
 * - `reject`: not this, and the model is told why; - `stop`: the turn ends, and the thread is told why.
 */
export type Verdict =
  | { readonly type: "allow" }
  | { readonly type: "replace"; readonly text: string }
  | { readonly type: "reject" | "stop"; readonly reason: string };

export interface GuardContext {
  readonly sessionId: string;
  /** Aborts when nobody waits for the verdict any more: the turn has ended, or it took too long. */
  readonly signal: AbortSignal;
}

/** Looks at the calls of tools. */
export interface CallGuardrail {
  readonly name: string;
  /** A call before it runs; `replace` exchanges its arguments, JSON text. */
  call?(call: ToolCall, context: GuardContext): Verdict | Promise<Verdict>;
  /** What a call gave, before the model sees it; `replace` exchanges the output. */
  result?(
    result: { readonly call: ToolCall; readonly output: string },
    context: GuardContext,
  ): Verdict | Promise<Verdict>;
}

/**
 * Looks at what is about to happen. Each part is optional; all that are there are asked in the order of the guardrails,
 * each about what the one before has left. One that throws, or says nothing for {@link verdictMs}, stops the turn: what
 * can't be checked does not pass.
 */
export interface Guardrail extends CallGuardrail {
  /**
   * What a person said, before the model is told; once for each message. One that is rejected is not told to the model,
   * and the thread is told why.
   */
  input?(
    message: Pick<Message, "text" | "actor">,
    context: GuardContext,
  ): Verdict | Promise<Verdict>;
  /**
   * `input` is asked beside the model's first call instead of before it. Nothing is done with the model's answer until it
   * has said `allow`; whatever else it says ends the turn, since the model has been told already.
   */
  readonly parallel?: boolean;
  /** The answer, before the thread sees it. */
  output?(text: string, context: GuardContext): Verdict | Promise<Verdict>;
}

/** How long a guardrail may take over a verdict, milliseconds. */
export const verdictMs = 30_000;

/** What all guardrails together say of a text. */
export type Guarded =
  | { readonly type: "passed"; readonly text: string }
  | { readonly type: "reject" | "stop"; readonly by: string; readonly reason: string };

/**
 * Asks one guardrail after the other about a text.
 * @throws the signal's reason when it aborts
 */
export async function guard<Asked extends { readonly name: string }>(
  guardrails: readonly Asked[],
  text: string,
  {
    ask,
    ...options
  }: GuardContext & {
    readonly clock: Clock;
    readonly ask: (
      guardrail: Asked,
      text: string,
      context: GuardContext,
    ) => Verdict | Promise<Verdict> | undefined;
  },
): Promise<Guarded> {
  let left = text;
  for (const guardrail of guardrails) {
    const { name: by } = guardrail;
    const verdict = await inTime((context) => ask(guardrail, left, context), options);
    if (verdict === undefined || verdict.type === "allow") continue;
    if (verdict.type !== "replace") return { type: verdict.type, by, reason: verdict.reason };
    left = verdict.text;
  }
  return { type: "passed", text: left };
}

async function inTime(
  ask: (context: GuardContext) => Verdict | Promise<Verdict> | undefined,
  { sessionId, signal, clock }: GuardContext & { readonly clock: Clock },
): Promise<Verdict | undefined> {
  const asked = new AbortController();
  const answered = new AbortController();
  const ending = AbortSignal.any([signal, asked.signal]);
  clock.sleep(verdictMs, { signal: answered.signal }).then(
    () => asked.abort(new Error(`it said nothing for ${verdictMs / 1000} s`)),
    () => {}, // It answered in time.
  );
  try {
    return await abortable((async () => ask({ sessionId, signal: ending }))(), ending);
  } catch (error) {
    signal.throwIfAborted();
    return { type: "stop", reason: `it could not be asked: ${messageOf(error)}` };
  } finally {
    answered.abort();
  }
}

/** The end of a turn that a guardrail has stopped. */
export const guardrailStopped = ({
  by,
  reason,
}: {
  readonly by: string;
  readonly reason: string;
}) =>
  new OpsthreadError("GUARDRAIL_STOPPED", `Cannot go on: guardrail "${by}" stopped it: ${reason}`, {
    data: { by, reason },
  });
