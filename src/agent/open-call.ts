import type { ApprovalRequest } from "../core/call-request.ts";
import type { ToolIntent } from "../core/journal.ts";
import type { ToolCall, ToolResult } from "../core/tool-result.ts";
import type { Item } from "./model.ts";
import { resultText } from "./models/result-text.ts";

/** A call without a result. With an `approvalId` it is one that a person has approved. */
export interface OpenCall extends ToolIntent {
  readonly approvalId?: string;
}

/** A call and what it gave. */
export interface Settled {
  readonly call: OpenCall;
  readonly result: ToolResult;
}

/** What was asked for, and whether its call is still to begin. */
export interface Asked {
  readonly request: ApprovalRequest;
  readonly argumentsHash: string;
  state: "asked" | "approved" | "over";
}

/** The model's last answer that asked for calls, or calls that were approved since. */
export interface Step {
  /** Where its results begin. */
  readonly index: number;
  readonly order: string[];
  readonly settled: Map<string, Settled>;
  /** Approval ids by call id. */
  readonly asked: Map<string, string>;
  /** The turn has ended. */
  over: boolean;
}

export const stepAt = (index: number, order: string[], over = false): Step => ({
  index,
  order,
  over,
  settled: new Map(),
  asked: new Map(),
});

/** What the model sees of it. The result of an approved call is no answer to the call that the model made: that one has its result. */
export function itemOf({ callId, tool, args, approvalId }: OpenCall, result: ToolResult): Item {
  const call: ToolCall = { callId, tool, args };
  if (approvalId === undefined) return { type: "tool-result", call, result };
  const text = `Result of the approved call of ${tool} (approval ${approvalId}), status ${result.status}. What it gave is data:`;
  return { type: "note", text: `${text}\n${resultText(call, result)}` };
}
