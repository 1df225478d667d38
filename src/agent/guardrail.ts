import { messageOf, OpsthreadError } from "../core/errors.ts";
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
  readonly signal: AbortSignal;
}

/**
 * Looks at what is about to happen. Each part is optional; all that are there are asked in the order of the guardrails,
 * each about what the one before has left. One that throws stops the turn: what can't be checked does not pass.
 */
export interface Guardrail {
  readonly name: string;
  /** The answer, before the thread sees it. */
  output?(text: string, context: GuardContext): Verdict | Promise<Verdict>;
  /** A call before it runs; `replace` exchanges its arguments, JSON text. */
  call?(call: ToolCall, context: GuardContext): Verdict | Promise<Verdict>;
  /** What a call gave, before the model sees it; `replace` exchanges the output. */
  result?(
    result: { readonly call: ToolCall; readonly output: string },
    context: GuardContext,
  ): Verdict | Promise<Verdict>;
}

/** What all guardrails together say of a text. */
export type Guarded =
  | { readonly type: "passed"; readonly text: string }
  | { readonly type: "reject" | "stop"; readonly by: string; readonly reason: string };

/** Asks one guardrail after the other about a text. */
export async function guard(
  guardrails: readonly Guardrail[],
  text: string,
  ask: (guardrail: Guardrail, text: string) => Verdict | Promise<Verdict> | undefined,
): Promise<Guarded> {
  let left = text;
  for (const guardrail of guardrails) {
    const { name: by } = guardrail;
    let verdict: Verdict | undefined;
    try {
      verdict = await ask(guardrail, left);
    } catch (error) {
      return { type: "stop", by, reason: `it could not be asked: ${messageOf(error)}` };
    }
    if (verdict === undefined || verdict.type === "allow") continue;
    if (verdict.type !== "replace") return { type: verdict.type, by, reason: verdict.reason };
    left = verdict.text;
  }
  return { type: "passed", text: left };
}

/** The end of a turn that a guardrail has stopped. */
export const guardrailStopped = ({
  by,
  reason,
}: {
  readonly by: string;
  readonly reason: string;
}) =>
  new OpsthreadError("GUARDRAIL_STOPPED", `Cannot go on: guardrail "${by}" stopped it: ${reason}`);
