import { constants } from "node:os";

import { headTail } from "../../../core/output.ts";
import type { ToolResult } from "../../../core/tool-result.ts";
import { resultText } from "../result-text.ts";
import { type CallItem, callIdsOf } from "./calls.ts";

/**
 * What is sent back for a call, in the form of its kind. The API wants one for every call, so one that was never run,
 * because the answer or the turn ended first, has an output that says so.
 */
export function outputOf(item: CallItem, results: ReadonlyMap<string, ToolResult>): object {
  const all = callIdsOf(item).map((id) => results.get(id) ?? notRun);
  const [first = notRun] = all;
  const textOf = (tool: string): string => resultText({ callId: item.call_id, tool }, first);
  const call_id = item.call_id;
  switch (item.type) {
    case "function_call":
      return { type: "function_call_output", call_id, output: textOf(item.name) };
    case "shell_call":
      return { type: "shell_call_output", call_id, ...shellOutput(item, all) };
    case "apply_patch_call":
      return {
        type: "apply_patch_call_output",
        call_id,
        status: first.status === "ok" ? "completed" : "failed",
        output: textOf("apply_patch"),
      };
  }
}

const notRun: ToolResult = {
  status: "stopped",
  output: "Not run: it was cut off, or the turn ended first.",
  measures: {},
  artifacts: [],
};

/** https://platform.openai.com/docs/guides/tools-shell#handling-shell_call-outputs; the limit has to be echoed. */
function shellOutput(
  {
    call_id: callId,
    action: { max_output_length: limit },
  }: Extract<CallItem, { type: "shell_call" }>,
  results: readonly ToolResult[],
): object {
  const isLimited = limit !== null && limit !== undefined;
  const call = { callId, tool: "shell" };
  const output = results.map((result) => ({
    // The text tells the streams apart, and more than an exit code says: limits, times, where all of it lies.
    stdout: resultText(call, isLimited ? shortened(result, limit - marksLength(call)) : result),
    stderr: "",
    outcome: outcomeOf(result),
  }));
  return { output, ...(isLimited && { max_output_length: limit }) };
}

/** The marks count as output too, as long as that leaves any. */
function shortened({ output }: ToolResult, room: number): Pick<ToolResult, "output"> {
  const limit = Math.max(room, 1);
  return output.length <= limit
    ? { output }
    : { output: headTail(output, limit) || output.slice(0, limit) };
}

const marksLength = (call: { readonly callId: string; readonly tool: string }): number =>
  resultText(call, { output: "." }).length - 1;

type ShellOutcome =
  | { readonly type: "exit"; readonly exit_code: number }
  | { readonly type: "timeout" };

/** The API knows no other ends than these two; what a signal or a limit ended has the code that a shell gives it. */
function outcomeOf({ status, measures }: ToolResult): ShellOutcome {
  const { exitCode, timedOutAfterMs, outOfMemoryAtBytes, signal } = measures;
  if (timedOutAfterMs !== undefined) return { type: "timeout" };
  if (exitCode !== undefined) return { type: "exit", exit_code: exitCode };
  if (outOfMemoryAtBytes !== undefined) return { type: "exit", exit_code: shellCode("SIGKILL") };
  if (signal !== undefined) return { type: "exit", exit_code: shellCode(signal) };
  return { type: "exit", exit_code: status === "ok" ? 0 : 1 };
}

function shellCode(signal: string): number {
  const found = Object.entries(constants.signals).find(([name]) => name === signal);
  return found ? 128 + found[1] : 1;
}
