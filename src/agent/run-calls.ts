import { argumentsHash } from "../core/access-request.ts";
import { approvalIdOf } from "../core/ids.ts";
import type { ToolIntent } from "../core/journal.ts";
import { noSpan } from "../core/trace.ts";
import { guardrailStopped } from "./guardrail.ts";
import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";
import { runTool } from "./run-tool.ts";
import type { Tool, ToolReturn } from "./tool.ts";
import { tracedCall } from "./trace-call.ts";

/**
 * Runs the calls of one step side by side and yields each result as it comes, what it asks for before it.
 * No tool runs on after this generator has ended, however it ends.
 */
export async function* runCalls(
  intents: readonly ToolIntent[],
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
    span = noSpan,
  } = options;
  const waiting = [...intents];
  const running = new Map<string, Promise<{ intent: ToolIntent; returned: ToolReturn }>>();
  try {
    for (;;) {
      while (running.size < parallelCalls) {
        const intent = waiting.shift();
        if (!intent) break;
        const context = {
          signal: ending.signal,
          callId: intent.callId,
          executionId: intent.executionId,
          session: options.session,
          progress: options.onProgress,
          resumed: options.resumed,
          maxOutputBytes,
          guardrails,
          clock: options.clock,
        };
        const run = tracedCall(intent, { ...context, parent: span }, (session) =>
          runTool(intent, tools.get(intent.tool), { ...context, session }),
        );
        running.set(
          intent.callId,
          run.then((returned) => ({ intent, returned })),
        );
      }
      if (running.size === 0) return;
      const { intent, returned } = await Promise.race(running.values());
      const { callId, executionId, args } = intent;
      running.delete(callId);
      const { asksFor, stoppedBy, ...raw } = returned;
      if (asksFor)
        yield record({
          type: "approval-requested",
          approvalId: approvalIdOf(executionId, options.clock.now()),
          callId,
          argumentsHash: argumentsHash(args),
          ...asksFor,
        });
      const result = { ...raw, output: redact(raw.output) };
      yield record({ type: "tool-result", callId, result });
      if (stoppedBy) throw guardrailStopped(stoppedBy);
    }
  } finally {
    if (running.size > 0) {
      ending.abort();
      await Promise.all(running.values());
    }
  }
}
