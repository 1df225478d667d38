import { argumentsHash } from "../core/access-request.ts";
import { isCallRequest } from "../core/call-request.ts";
import { OpsthreadError } from "../core/errors.ts";
import { approvalIdOf } from "../core/ids.ts";
import type { Span } from "../core/trace.ts";
import { guardrailStopped } from "./guardrail.ts";
import { createLetters } from "./letters.ts";
import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";
import type { OpenCall } from "./open-call.ts";
import { runTool } from "./run-tool.ts";
import { settleHandoffs } from "./settle-handoffs.ts";
import type { NestedFacts, Tool, ToolReturn } from "./tool.ts";
import { failed } from "./tools/tool-output.ts";
import { tracedCall } from "./trace-call.ts";

/** A call that has ended, and what it gave. */
export interface Returned {
  readonly call: OpenCall;
  readonly returned: ToolReturn;
}

/**
 * Runs the calls of one step side by side and yields each result as it comes, what it asks for before it. Gives whether
 * the session was handed over to another agent by one of them, which is settled after all others. A call that
 * ends the turn ends those that run beside it, and those that wait do not begin; what they have given by then is kept.
 * No tool runs on after this generator has ended, however it ends.
 */
export async function* runCalls(
  calls: readonly OpenCall[],
  tools: ReadonlyMap<string, Tool>,
  record: Recorder,
  options: LoopOptions & { readonly ending: AbortController },
  { span, resumed }: { readonly span: Span; readonly resumed: boolean },
): AsyncGenerator<LoopEvent, boolean> {
  const { redact, session, guardrails = [], parallelCalls = 4, depth = 0, ending } = options;
  let waiting = [...calls];
  let end: OpsthreadError | undefined;
  const running = new Map<string, Promise<Returned>>();
  const nested = createLetters<NestedFacts>();
  const journal = (facts: NestedFacts): Promise<void> => nested.send(facts);
  const handoffs: Returned[] = [];
  const run = (call: OpenCall): Promise<ToolReturn> => {
    const asked = options.transcript.askedBy(call.callId);
    // It asked before the process ended, and has not run.
    if (asked !== undefined) return Promise.resolve(failed(waitingText(asked)));
    return tracedCall(call, { parent: span, session, resumed }, (traced) =>
      runTool(call, tools.get(call.tool), {
        signal: ending.signal,
        callId: call.callId,
        executionId: call.executionId,
        session: traced.session,
        span: traced.span,
        progress: options.onProgress,
        journal,
        resumed,
        approvals: options.approvals,
        approved: call.approvalId !== undefined,
        maxOutputBytes: options.maxOutputBytes ?? 32 * 1024,
        guardrails,
        clock: options.clock,
        graceMs: graceMs(depth),
      }),
    );
  };
  try {
    for (;;) {
      while (running.size < parallelCalls) {
        const call = waiting.shift();
        if (!call) break;
        running.set(
          call.callId,
          run(call).then((returned) => ({ call, returned })),
        );
      }
      if (running.size === 0) break;
      const done = await Promise.race([...running.values(), nested.arrived()]);
      for (let letter = nested.take(); letter; letter = nested.take()) {
        yield record({ type: "nested", ...letter.content });
        letter.done();
      }
      if (!done) continue;
      const { call } = done;
      const { callId, executionId, args } = call;
      running.delete(callId);
      const returned = depth === 0 ? done.returned : withoutAsking(done.returned);
      const { asksFor, handsOff, stoppedBy, fatal, ...raw } = returned;
      if (handsOff) {
        handoffs.push(done);
        continue;
      }
      let output = redact(raw.output);
      if (asksFor) {
        const { args: approvable = args, ...asked } = asksFor;
        const approvalId = approvalIdOf(executionId, options.clock.now());
        if (isCallRequest(asked.request)) output = waitingText(approvalId);
        yield record({
          type: "approval-requested",
          approvalId,
          callId,
          argumentsHash: argumentsHash(approvable),
          ...asked,
        });
      }
      yield record({ type: "tool-result", callId, result: { ...raw, output } });
      end ??= stoppedBy
        ? guardrailStopped(stoppedBy)
        : fatal === undefined
          ? undefined
          : ended(call, fatal);
      if (!end || waiting.length + running.size === 0) continue;
      waiting = [];
      ending.abort(end);
    }
    if (end) throw end;
    if (handoffs.length === 0) return false;
    return yield* settleHandoffs(handoffs, { ...options, calls, record });
  } finally {
    if (running.size > 0) ending.abort();
    nested.close(ending.signal.reason);
    await Promise.all(running.values());
  }
}

/**
 * Stopping has to be told within a second. An agent inside a call ends its own calls first, so that it can still tell
 * what became of them.
 */
const graceMs = (depth: number): number => 700 - 200 * depth;

/** A person is asked by the session, which waits for the answer; an agent inside a call can't wait. */
function withoutAsking({ asksFor, ...returned }: ToolReturn): ToolReturn {
  if (!asksFor) return returned;
  const output =
    "Not asked: an agent inside a call can't ask a person. Say in your answer what is needed.";
  return { ...returned, status: "failed", output };
}

const waitingText = (approvalId: string): string =>
  `Not run: it waits for a person's approval (${approvalId}). If it is approved, the harness runs exactly this call by itself and tells you the result; do not call it again.`;

const ended = ({ tool }: OpenCall, why: string): OpsthreadError =>
  new OpsthreadError("TOOL_ENDED_TURN", `Cannot go on: the tool "${tool}" ended the turn: ${why}`);
