import type { ApprovalChoice } from "./access-request.ts";
import type { ApprovalRequest } from "./call-request.ts";

/** A grant as an audit record names it. */
export interface AuditedGrant {
  readonly approvalId: string;
  readonly request: ApprovalRequest;
}

/** What was done, on whose word. Ids and facts; `actor` is the platform's id, never a name. */
export type AuditEvent =
  | { readonly event: "approval-requested"; readonly grant: AuditedGrant }
  | {
      readonly event: "approval-decided";
      readonly grant: AuditedGrant;
      readonly choice: ApprovalChoice;
      readonly actor: string;
    }
  /** Somebody tried to decide who may not, or what can't be decided any more. */
  | {
      readonly event: "approval-refused";
      readonly approvalId?: string;
      readonly actor: string;
      readonly reason: string;
    }
  /** An approved call was begun. */
  | {
      readonly event: "approved-call";
      readonly grant: AuditedGrant;
      readonly executionId: string;
    }
  /** `from` is the session that it was approved in, when it is not this one. */
  | {
      readonly event: "grant-revoked";
      readonly grant: AuditedGrant;
      readonly actor: string;
      readonly from?: string;
    }
  /** A schedule was paused, resumed or run in a chat. */
  | {
      readonly event: "schedule-changed";
      readonly schedule: string;
      readonly action: "pause" | "resume" | "run";
      readonly actor: string;
    }
  /** A sandbox was opened; `grants` are the approvals that it was opened with, which is when they are used. */
  | {
      readonly event: "sandbox-opened";
      readonly sandbox: string;
      readonly isolation: string;
      readonly image?: string;
      readonly net: readonly string[];
      /** Names of the secrets that the proxy adds. Not called secrets: the redactor hides what lies under such a key. */
      readonly injects: readonly string[];
      readonly grants: readonly AuditedGrant[];
    }
  /** A request from a sandbox to the network, by what the proxy knows of it. */
  | { readonly event: "egress"; readonly [fact: string]: unknown };

export type AuditRecord = AuditEvent & {
  readonly at: number;
  readonly sessionId: string;
  readonly turn?: number;
};

/** Takes records of what was done. It does not throw: what can't be written is the sink's to report. */
export type Audit = (record: AuditRecord) => void;
