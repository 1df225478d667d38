import { argumentsHash } from "../core/access-request.ts";
import { approvalIdOf } from "../core/ids.ts";
import type { ToolIntent } from "../core/journal.ts";
import { noSpan } from "../core/trace.ts";
import { guardrailStopped } from "./guardrail.ts";
import { createLetters } from "./letters.ts";
import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";
import { runTool } from "./run-tool.ts";
import { settleHandoffs } from "./settle-handoffs.ts";
import type { NestedFacts, Tool, ToolReturn } from "./tool.ts";
import { tracedCall } from "./trace-call.ts";

/** A call that has ended, and what it gave. */
export interface Returned {
  readonly intent: ToolIntent;
  readonly returned: ToolReturn;
}

/**
 * Runs the calls of one step side by side and yields each result as it comes, what it asks for before it. Gives whether
 * the session was handed over to another agent by one of them, which is settled after all others.
 * No tool runs on after this generator has ended, however it ends.
 */
export async function* runCalls(
  intents: readonly ToolIntent[],
  tools: ReadonlyMap<string, Tool>,
  record: Recorder,
  options: LoopOptions & { readonly resumed: boolean; readonly ending: AbortController },
): AsyncGenerator<LoopEvent, boolean> {
  const {
    redact,
    guardrails = [],
    maxOutputBytes = 32 * 1024,
    parallelCalls = 4,
    depth = 0,
    ending,
    span = noSpan,
  } = options;
  const waiting = [...intents];
  const running = new Map<string, Promise<Returned>>();
  const nested = createLetters<NestedFacts>();
  const handoffs: Returned[] = [];
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
          journal: (facts: NestedFacts) => nested.send(facts),
          resumed: options.resumed,
          maxOutputBytes,
          guardrails,
          clock: options.clock,
          graceMs: graceMs(depth),
        };
        const run = tracedCall(intent, { ...context, parent: span }, (traced) =>
          runTool(intent, tools.get(intent.tool), { ...context, ...traced }),
        );
        running.set(
          intent.callId,
          run.then((returned) => ({ intent, returned })),
        );
      }
      if (running.size === 0) break;
      const ended = await Promise.race([...running.values(), nested.arrived()]);
      for (let letter = nested.take(); letter; letter = nested.take()) {
        yield record({ type: "nested", ...letter.content });
        letter.done();
      }
      if (!ended) continue;
      const { intent, returned } = ended;
      const { callId, executionId, args } = intent;
      running.delete(callId);
      const { asksFor, handsOff, stoppedBy, ...raw } =
        depth === 0 ? returned : withoutAsking(returned);
      if (handsOff) {
        handoffs.push(ended);
        continue;
      }
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
    return yield* settleHandoffs(handoffs, { ...options, intents, record });
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
