import { type AccessRequest, argumentsHash } from "../core/access-request.ts";
import type { AuditedGrant } from "../core/audit.ts";
import { grantWordOf } from "../core/grant-words.ts";
import type { JournalEntry } from "../core/journal.ts";

/** A request for access and what became of it. */
export interface Approval extends AuditedGrant {
  /** The turn that asked. */
  readonly turn: number;
  readonly askedAt: number;
  readonly expiresAt: number;
  readonly reason: string;
  readonly state: ApprovalState;
}

/**
 * `withdrawn`: the turn that asked did not come to its question, somebody asked to stop meanwhile, or the request is not
 * the one that the call made.
 */
export type ApprovalState =
  | { readonly type: "waiting" | "withdrawn"; readonly by?: never }
  | { readonly type: "denied" | "session" | "revoked"; readonly by: string }
  /** Holds for this turn. */
  | { readonly type: "once"; readonly by: string; readonly turn: number };

/**
 * What the session asked for and may do, as a projection of its journal: nothing else grants anything, so that a grant
 * survives a restart, and no worker without the lease can make one.
 */
export class Grants {
  readonly #approvals = new Map<string, Approval>();
  /** The arguments of the running step's calls. */
  readonly #calls = new Map<string, string>();
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

  get all(): readonly Approval[] {
    return [...this.#approvals.values()];
  }

  find(approvalId: string): Approval | undefined {
    return this.#approvals.get(approvalId);
  }

  apply(entry: JournalEntry): void {
    switch (entry.type) {
      case "message":
        if (entry.message.kind !== "stop" && !grantWordOf(entry.message))
          this.speakers.add(entry.message.actor.id);
        return;
      case "step":
        this.#calls.clear();
        for (const { callId, args } of entry.intents) this.#calls.set(callId, args);
        return;
      case "approval-requested":
        return this.#request(entry);
      case "approval-decided":
        return this.#decide(entry);
      case "grant-revoked": {
        const approval = this.#approvals.get(entry.approvalId);
        if (approval && isHeld(approval))
          this.#set(approval, { type: "revoked", by: nameOf(entry) });
        return;
      }
      case "turn-ended":
        for (const approval of this.waiting())
          if (entry.outcome === "stopped" || isLeftOver(approval, entry))
            this.#set(approval, { type: "withdrawn" });
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
        return;
      default:
        entry satisfies never;
    }
  }

  #request(entry: Extract<JournalEntry, { type: "approval-requested" }>): void {
    const { approvalId, request, reason, turn, at: askedAt, expiresAt } = entry;
    if (this.#approvals.has(approvalId)) return;
    // What a person approves is what the call asked for: one that differs is not theirs to approve.
    const args = this.#calls.get(entry.callId);
    const isOfCall = args !== undefined && argumentsHash(args) === entry.argumentsHash;
    const state: ApprovalState = { type: isOfCall ? "waiting" : "withdrawn" };
    this.#approvals.set(approvalId, {
      approvalId,
      request,
      reason,
      turn,
      askedAt,
      expiresAt,
      state,
    });
  }

  /** The first decision counts. */
  #decide(entry: Extract<JournalEntry, { type: "approval-decided" }>): void {
    const approval = this.#approvals.get(entry.approvalId);
    if (approval?.state.type !== "waiting") return;
    const by = nameOf(entry);
    const { choice, turn } = entry;
    if (choice === "once") this.#set(approval, { type: "once", by, turn });
    else this.#set(approval, { type: choice === "deny" ? "denied" : "session", by });
  }

  #set(approval: Approval, state: ApprovalState): void {
    this.#approvals.set(approval.approvalId, { ...approval, state });
  }
}

export const isHeld = ({ state }: Approval): boolean =>
  state.type === "session" || state.type === "once";

/** Asked for by a turn that ended without telling the thread. */
function isLeftOver(
  approval: Approval,
  { turn, outcome }: Extract<JournalEntry, { type: "turn-ended" }>,
): boolean {
  return approval.turn === turn && outcome !== "asked";
}

const nameOf = ({
  by,
}: {
  readonly by: { readonly id: string; readonly name?: string | undefined };
}): string => by.name ?? by.id;

export const requestsOf = (approvals: readonly Approval[]): readonly AccessRequest[] =>
  approvals.map(({ request }) => request);
