import { argumentsHash } from "../core/access-request.ts";
import { isCallRequest } from "../core/call-request.ts";
import { OpsthreadError } from "../core/errors.ts";
import { approvalIdOf } from "../core/ids.ts";
import { guardrailStopped } from "./guardrail.ts";
import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";
import type { OpenCall } from "./open-call.ts";
import { runTool } from "./run-tool.ts";
import type { Tool, ToolReturn } from "./tool.ts";
import { failed } from "./tools/tool-output.ts";

/**
 * Runs the calls of one step side by side and yields each result as it comes, what it asks for before it. A call that
 * ends the turn ends those that run beside it, and those that wait do not begin; what they have given by then is kept.
 * No tool runs on after this generator has ended, however it ends.
 */
export async function* runCalls(
  calls: readonly OpenCall[],
  tools: ReadonlyMap<string, Tool>,
  record: Recorder,
  options: LoopOptions & { readonly resumed: boolean; readonly ending: AbortController },
): AsyncGenerator<LoopEvent> {
  const {
    redact,
    guardrails = [],
    maxOutputBytes = 32 * 1024,
    parallelCalls = 4,
    ending,
  } = options;
  let waiting = [...calls];
  let end: OpsthreadError | undefined;
  const running = new Map<string, Promise<{ call: OpenCall; returned: ToolReturn }>>();
  const run = (call: OpenCall): Promise<ToolReturn> => {
    const asked = options.transcript.askedBy(call.callId);
    // It asked before the process ended, and has not run.
    if (asked !== undefined) return Promise.resolve(failed(waitingText(asked)));
    return runTool(call, tools.get(call.tool), {
      signal: ending.signal,
      callId: call.callId,
      executionId: call.executionId,
      session: options.session,
      progress: options.onProgress,
      resumed: options.resumed,
      approvals: options.approvals,
      approved: call.approvalId !== undefined,
      maxOutputBytes,
      guardrails,
      clock: options.clock,
    });
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
      const { call, returned } = await Promise.race(running.values());
      const { callId, executionId, args } = call;
      running.delete(callId);
      const { asksFor, stoppedBy, fatal, ...raw } = returned;
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
  } finally {
    if (running.size > 0) {
      ending.abort();
      await Promise.all(running.values());
    }
  }
}

const waitingText = (approvalId: string): string =>
  `Not run: it waits for a person's approval (${approvalId}). If it is approved, the harness runs exactly this call by itself and tells you the result; do not call it again.`;

const ended = ({ tool }: OpenCall, why: string): OpsthreadError =>
  new OpsthreadError("TOOL_ENDED_TURN", `Cannot go on: the tool "${tool}" ended the turn: ${why}`);
