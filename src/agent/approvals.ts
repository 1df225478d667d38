import type { CallPattern, CallRequest } from "../core/call-request.ts";
import type { ToolIntent } from "../core/journal.ts";
import type { CallRules } from "./call-rules.ts";

/** What a call needs before it runs: nothing, a person's approval, or it does not run at all. */
export type CallVerdict =
  | { readonly type: "run" }
  | { readonly type: "ask"; readonly parts: readonly CallPart[] }
  | { readonly type: "refuse"; readonly reason: string };

/** A part of a call that a person has to approve. */
export interface CallPart {
  /** As it is written in the call. */
  readonly text: string;
  /** Which commands an approval for longer covers. Absent: the part is approved for this call only. */
  readonly pattern?: string;
}

/** Where the session stands with calls that need approval. */
export interface CallApprovals {
  readonly rules: CallRules;
  /** What people have allowed for longer than one call, as it is now. */
  remembered(): Promise<readonly CallPattern[]>;
  /** Whether just this is asked for already, or until when it may be answered. */
  standing(
    request: CallRequest,
    argumentsHash: string,
  ):
    | { readonly type: "waiting"; readonly approvalId: string }
    | { readonly type: "open"; readonly expiresAt: number };
  /** Calls that were approved and have not begun, oldest first. */
  due(): readonly ApprovedCall[];
}

export interface ApprovedCall {
  readonly approvalId: string;
  /** What runs: the call with its arguments as approved, under ids of its own. */
  readonly intent: ToolIntent;
}
