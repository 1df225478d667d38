import type { StandardSchemaV1 } from "@standard-schema/spec";

import type { AccessRequest } from "../core/access-request.ts";
import type { ApprovalRequest } from "../core/call-request.ts";
import type { Effect, NestedEntry } from "../core/journal.ts";
import type { Artifact } from "../core/post.ts";
import type { ToolResult } from "../core/tool-result.ts";
import type { Span } from "../core/trace.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { CallVerdict } from "./approvals.ts";
import type { CallGuardrail } from "./guardrail.ts";
import type { NativeTool } from "./model.ts";

/** A function that the model may call. Runs under the session's grants. */
export interface Tool<Input = unknown> {
  readonly name: string;
  /** For the model: what it does, when to use it. */
  readonly description: string;
  /** Any Standard Schema: zod, valibot, arktype, … */
  readonly input: StandardSchemaV1<unknown, Input>;
  /** JSON Schema of the input, for the model. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What kind of vendors' tool it can stand for. */
  readonly native?: NativeTool;
  /** A call that takes longer is ended: milliseconds. Default: as long as the turn may take. */
  readonly timeoutMs?: number;
  /** What may be done with a call of which nobody knows whether it ran. */
  readonly effect: Effect;
  /** A call ends the turn, and its output is what the thread is told: for questions to a person. */
  readonly endsTurn?: boolean;
  /** Asked about its calls and what they give, after those of the agent. */
  readonly guardrails?: readonly CallGuardrail[];
  /**
   * Whether a person has to approve a call before it runs: always, or by its arguments. Asked when they fit their schema;
   * throwing means that the call does not run. With `false` only a rule that names the tool makes it wait.
   */
  readonly needsApproval?: boolean | NeedsApproval<Input>;
  /** Throwing is the same as returning `status: "failed"` with the message as output. */
  run(input: Input, context: ToolContext): Promise<ToolReturn>;
  /**
   * For `reattach` tools: finds the execution of an earlier process again and waits for its end.
   * Undefined when it is gone.
   */
  reattach?(context: ToolContext): Promise<ToolResult | undefined>;
}

/** Tools that are found out about at the beginning of each turn, such as those of other programs. */
export interface ToolSource {
  /** Rejects only when the turn ends. */
  offer(
    session: ToolSession,
    turn: { readonly image?: string; readonly signal: AbortSignal },
  ): Promise<OfferedTools>;
}

export interface OfferedTools {
  readonly tools: readonly Tool[];
  /** What the model has to know, such as which are missing. */
  readonly notes: readonly string[];
}

// A method, so that a tool of some input is a tool of any.
export type NeedsApproval<Input> = {
  decide(
    input: Input,
    context: {
      readonly sessionId: string;
      readonly callId: string;
      /** Patterns of commands that people have allowed for this tool, for {@link judgeCommand}. */
      readonly remembered: readonly string[];
    },
  ): boolean | CallVerdict | Promise<boolean | CallVerdict>;
}["decide"];

/** What a call gave, and what a person has to decide because of it; a call that asks for something ends the turn. */
export interface ToolReturn extends ToolResult {
  /** The session goes on with another agent; of several that one step asks for, the first counts. */
  readonly handsOff?: { readonly to: string; readonly reason: string };
  /** A guardrail ends the turn. */
  readonly stoppedBy?: { readonly by: string; readonly reason: string };
  /** Nothing that runs beside this call, or would run after it, makes sense any more: the turn ends, and this says why. */
  readonly fatal?: string;
  readonly asksFor?: {
    readonly request: ApprovalRequest;
    /** Arguments that are approved. Default: the call's own. */
    readonly args?: string;
    readonly reason: string;
    readonly expiresAt: number;
  };
}

export interface ToolContext {
  /** Aborts when the turn is stopped, loses its lease or runs out of time. */
  readonly signal: AbortSignal;
  readonly callId: string;
  /** The same for each try of the same call. */
  readonly executionId: string;
  readonly session: ToolSession;
  /** Shows a line in the thread while the tool runs. */
  readonly progress: (text: string) => void;
  /** Journals what an agent inside this call does, and resolves when that is on record. */
  readonly journal?: (entry: NestedFacts) => Promise<void>;
  /** The call's, for what works inside it. */
  readonly span?: Span;
}

/** What an agent inside a call did, and which call that is. */
export type NestedFacts = Pick<NestedEntry, "executionId" | "agent" | "entry">;

/** What a tool may use of its session. */
export interface ToolSession {
  readonly sessionId: string;
  /** Opened when it is first asked for. */
  sandbox(): Promise<Sandbox>;
  /** A further sandbox on the same workspace, from another image. Whoever asks for it closes it. */
  sandboxFrom(image: string): Promise<Sandbox>;
  /** Keeps a workspace file as it is now, to go with the reply. */
  keep(path: string, options: { readonly signal: AbortSignal }): Promise<Artifact>;
  /** Where the session stands with what a tool would ask for. */
  access(request: AccessRequest): AccessStanding;
}

/**
 * - `granted`: there is nothing to ask; - `waiting`: a person was asked already;
 * - `refused`: no person could grant it here; - `open`: may be asked for, until `expiresAt`.
 */
export type AccessStanding =
  | { readonly type: "granted" }
  | { readonly type: "waiting"; readonly approvalId: string }
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "open"; readonly expiresAt: number };
