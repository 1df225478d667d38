import type { Person } from "../adapters/adapter.ts";
import type { ApprovedCall } from "../agent/approvals.ts";
import { type AccessRequest, argumentsHash } from "../core/access-request.ts";
import type { AuditedGrant } from "../core/audit.ts";
import { type CallPattern, isCallRequest } from "../core/call-request.ts";
import { grantWordOf } from "../core/grant-words.ts";
import { stableKey } from "../core/ids.ts";
import type { JournalEntry, ToolIntent } from "../core/journal.ts";

/** What was asked for and what became of it. */
export interface Approval extends AuditedGrant {
  /** The turn that asked. */
  readonly turn: number;
  readonly askedAt: number;
  readonly expiresAt: number;
  readonly reason: string;
  /** The call that asked, with the arguments that are approved. */
  readonly call: Pick<ToolIntent, "tool" | "args" | "executionId" | "effect">;
  readonly argumentsHash: string;
  readonly state: ApprovalState;
}

/**
 * `withdrawn`: the turn that asked did not come to its question, somebody asked to stop meanwhile, or the request is not
 * the one that the call made.
 */
export type ApprovalState =
  | { readonly type: "waiting"; readonly by?: never }
  /** `by`: who asked to stop. */
  | { readonly type: "withdrawn"; readonly by?: Person }
  | { readonly type: "denied" | "revoked"; readonly by: Person }
  /** `once` holds for this turn; an approved call that did not begin in it is not run any more. */
  | {
      readonly type: "once" | "session" | "always";
      readonly by: Person;
      readonly turn: number;
      readonly begun?: boolean;
    };

/**
 * What the session asked for and may do, as a projection of its journal: nothing else grants anything, so that a grant
 * survives a restart, and no worker without the lease can make one.
 */
export class Grants {
  readonly #approvals = new Map<string, Approval>();
  /** The running step's calls. */
  readonly #calls = new Map<string, ToolIntent>();
  /** Who asked last to stop. */
  #stopper: Person | undefined;
  /** Who talked to the agent. */
  readonly speakers = new Set<string>();

  /** Those of the running turn, or of any, oldest first. */
  waiting(turn?: number): readonly Approval[] {
    return this.all.filter(
      (approval) =>
        approval.state.type === "waiting" && (turn === undefined || approval.turn === turn),
    );
  }

  /** What holds in a turn. */
  inTurn(turn: number): readonly Approval[] {
    return this.all.filter(
      ({ state }) => state.type === "session" || (state.type === "once" && state.turn === turn),
    );
  }

  /** Which calls may run for the rest of the session. */
  get patterns(): readonly CallPattern[] {
    return this.all.flatMap(({ request, state }) =>
      isCallRequest(request) && state.type === "session" ? request.covers : [],
    );
  }

  /** Calls that were approved in this turn and have not begun. Their ids are the same each time this is asked. */
  due(turn: number): readonly ApprovedCall[] {
    return this.all
      .filter(
        ({ request, state }) =>
          isCallRequest(request) && isApproved(state) && state.turn === turn && !state.begun,
      )
      .map(({ approvalId, call }) => ({
        approvalId,
        intent: {
          ...call,
          callId: `approved-${approvalId}`,
          executionId: stableKey("approved", call.executionId, approvalId),
        },
      }));
  }

  get all(): readonly Approval[] {
    return [...this.#approvals.values()];
  }

  find(approvalId: string): Approval | undefined {
    return this.#approvals.get(approvalId);
  }

  apply(entry: JournalEntry): void {
    switch (entry.type) {
      case "message":
        if (entry.message.kind === "stop") this.#stopper = personOf(entry.message.actor);
        else if (!grantWordOf(entry.message)) this.speakers.add(entry.message.actor.id);
        return;
      case "step":
        this.#calls.clear();
        for (const intent of entry.intents) this.#calls.set(intent.callId, intent);
        return;
      case "approved-call": {
        this.#calls.set(entry.intent.callId, entry.intent);
        const approval = this.#approvals.get(entry.approvalId);
        if (approval && isApproved(approval.state))
          this.#set(approval, { ...approval.state, begun: true });
        return;
      }
      case "approval-requested":
        return this.#request(entry);
      case "approval-decided":
        return this.#decide(entry);
      case "grant-revoked": {
        const approval = this.#approvals.get(entry.approvalId);
        if (approval && isApproved(approval.state))
          this.#set(approval, { type: "revoked", by: entry.by });
        return;
      }
      case "turn-ended":
        for (const approval of this.waiting())
          if (entry.outcome === "stopped" || isLeftOver(approval, entry))
            this.#set(approval, {
              type: "withdrawn",
              ...(entry.outcome === "stopped" && this.#stopper && { by: this.#stopper }),
            });
        return;
      case "turn-started":
      case "message-checked":
      case "model-started":
      case "tool-result":
      case "handed-off":
      // No agent inside a call can ask for more.
      case "nested":
      case "note":
      case "context-trimmed":
      case "context-summarized":
      case "notes-shown":
      case "model-failed":
      case "workspace-placed":
      case "workspace-kept":
        return;
      default:
        entry satisfies never;
    }
  }

  #request(entry: Extract<JournalEntry, { type: "approval-requested" }>): void {
    const { approvalId, request, reason, turn, at: askedAt, expiresAt } = entry;
    if (this.#approvals.has(approvalId)) return;
    // What a person approves is what the call asked for: one that differs is not theirs to approve.
    const intent = this.#calls.get(entry.callId);
    const { tool, effect, executionId, args: own } = intent ?? nothing;
    const args = (isCallRequest(request) ? request.args : undefined) ?? own;
    const isOfCall =
      intent !== undefined &&
      argumentsHash(args) === entry.argumentsHash &&
      (!isCallRequest(request) || request.tool === tool);
    const state: ApprovalState = { type: isOfCall ? "waiting" : "withdrawn" };
    this.#approvals.set(approvalId, {
      approvalId,
      request,
      reason,
      turn,
      askedAt,
      expiresAt,
      call: { tool, effect, executionId, args },
      argumentsHash: entry.argumentsHash,
      state,
    });
  }

  /** The first decision counts. */
  #decide(entry: Extract<JournalEntry, { type: "approval-decided" }>): void {
    const approval = this.#approvals.get(entry.approvalId);
    if (approval?.state.type !== "waiting") return;
    const { by, choice, turn } = entry;
    this.#set(approval, choice === "deny" ? { type: "denied", by } : { type: choice, by, turn });
  }

  #set(approval: Approval, state: ApprovalState): void {
    this.#approvals.set(approval.approvalId, { ...approval, state });
  }
}

const nothing = { tool: "", args: "", executionId: "", effect: "at-most-once" } as const;

type Approved = Extract<ApprovalState, { readonly type: "once" | "session" | "always" }>;

const isApproved = (state: ApprovalState): state is Approved =>
  ["once", "session", "always"].includes(state.type);

/** Asked for by a turn that ended without telling the thread. */
function isLeftOver(
  approval: Approval,
  { turn, outcome }: Extract<JournalEntry, { type: "turn-ended" }>,
): boolean {
  return approval.turn === turn && outcome !== "asked";
}

const personOf = ({ id, name }: Person): Person => ({
  id,
  ...(name !== undefined && { name }),
});

/** What of it the sandbox is opened with. */
export const requestsOf = (approvals: readonly Approval[]): readonly AccessRequest[] =>
  approvals.flatMap(({ request }) => (isCallRequest(request) ? [] : [request]));
