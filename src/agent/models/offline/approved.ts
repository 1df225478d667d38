import type { ToolCall, ToolResult } from "../../../core/tool-result.ts";
import type { Round } from "./conversation.ts";

/** What became of a call that waited for approval, in the place of "it waits". */
export interface Decided {
  readonly call: ToolCall;
  readonly result: ToolResult;
  /** Where it belongs. */
  readonly results: Map<string, ToolResult>;
}

/**
 * Reads what the harness tells of a call that a person has decided on; undefined for any other note. `pending` for one
 * that is approved: its result comes next.
 */
export function decidedCall(
  text: string,
  rounds: readonly (Pick<Round, "calls"> & { readonly results: Map<string, ToolResult> })[],
): Decided | "pending" | undefined {
  if (text.startsWith("Approved: a call of ")) return "pending";
  const [, ran, status = "", , output = ""] =
    /^Result of the approved call of \S+ \(approval (\w+)\), status (\w+)\.[^\n]*\n(?:<(data-\w+) from="[^"]*">\n([\s\S]*)\n<\/\3>|\(no output\))$/.exec(
      text,
    ) ?? [];
  const denied = /^Denied, not run: .*\(approval (\w+)\), by /s.exec(text)?.[1];
  const approvalId = ran ?? denied;
  if (approvalId === undefined) return undefined;
  for (const { calls, results } of rounds)
    for (const call of calls) {
      const waiting = results.get(call.callId);
      if (!waiting?.output.includes(`approval (${approvalId})`)) continue;
      const result =
        ran === undefined
          ? { ...waiting, output: text }
          : { ...waiting, status: statusOf(status), output };
      return { call, result, results };
    }
  return undefined;
}

const statusOf = (text: string): ToolResult["status"] =>
  text === "ok" || text === "stopped" || text === "unknown" ? text : "failed";
