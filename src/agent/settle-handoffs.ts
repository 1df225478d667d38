import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";
import type { OpenCall } from "./open-call.ts";
import type { Returned } from "./run-calls.ts";

/**
 * Of the handoffs that a step asked for, the first in the order of its calls is made, and the others are answered as
 * ignored. It is what the step does last, so that the next agent finds nothing open. Gives whether one was made.
 */
export function* settleHandoffs(
  handoffs: readonly Returned[],
  {
    calls,
    record,
    redact,
    agent = "",
  }: Pick<LoopOptions, "redact" | "agent"> & {
    readonly calls: readonly OpenCall[];
    readonly record: Recorder;
  },
): Generator<LoopEvent, boolean> {
  const inOrder = handoffs.toSorted((a, b) => calls.indexOf(a.call) - calls.indexOf(b.call));
  const [first, ...ignored] = inOrder;
  if (!first?.returned.handsOff) return false;
  const { to, reason } = first.returned.handsOff;
  for (const { call } of ignored) {
    const output = `Ignored: the same step handed over to "${to}" first.`;
    const result = { status: "failed" as const, output, measures: {}, artifacts: [] };
    yield record({ type: "tool-result", callId: call.callId, result });
  }
  const { callId } = first.call;
  yield record({ type: "handed-off", callId, from: agent, to, reason: redact(reason) });
  return true;
}
