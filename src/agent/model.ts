import type { ModelResponse } from "../core/journal.ts";
import type { ToolCall, ToolResult } from "../core/tool-result.ts";

/** A language model behind one call. Drivers: `models/openai/`, `models/anthropic/`, `models/compatible/`, `models/offline.ts`. */
export interface Model {
  /** `vendor/name`, for logs and for people. */
  readonly name: string;
  /** The models that may answer, where it stands for several. */
  readonly names?: readonly string[];
  readonly capabilities: ModelCapabilities;
  /**
   * Streams one answer: deltas as they come, and exactly one `completed` at the end.
   * It does not retry; the harness does.
   * @throws {OpsthreadError} `MODEL_FAILED`, see `modelError()`; the signal's reason when it aborts
   */
  respond(
    request: ModelRequest,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<ModelEvent>;
  /**
   * The provider's own count of the input tokens that this request would have. Costs nothing or next to it, but a round trip:
   * asked only where an estimate can't decide. Absent where the provider has no such count.
   * @throws {OpsthreadError} `MODEL_FAILED`, as `respond`; the signal's reason when it aborts
   */
  countTokens?(request: ModelRequest, options: { readonly signal: AbortSignal }): Promise<number>;
  /** Whether address and key work and the model is there. Costs nothing. Absent where there is nothing to look at. */
  check?(options: { readonly signal: AbortSignal }): Promise<ModelCheck>;
}

/** What was found out about a model without asking it anything. */
export interface ModelCheck {
  readonly ok: boolean;
  /** What is. */
  readonly text: string;
  /** What to do about what is not. */
  readonly hint?: string;
}

export interface ModelCapabilities {
  /** Input and output tokens together that one call may hold. */
  readonly contextTokens: number;
  /** Of these, what an answer may take at most. Absent where it is not limited, or not known. */
  readonly outputTokens?: number;
  /** The provider makes the conversation shorter by itself when it has more tokens than this: see `ModelResponse.compacted`. */
  readonly compactsAtTokens?: number;
  /** The provider keeps the conversation, and is sent only what is new. What it has forgotten is sent again. */
  readonly serverState?: boolean;
  /** Tools that the vendor has itself, and which the driver offers in the place of the function. */
  readonly native?: readonly NativeTool[];
  /** A call can be picked up again after this process ended: it gives `started`, and takes `resume`. */
  readonly resumes?: boolean;
}

/**
 * Tools that vendors have their own form of. Ours of that kind take these arguments, whatever the vendor calls them:
 *
 * - `shell`: `{ command, timeoutSeconds? }`;
 * - `apply_patch`: `{ operation: { type: "create_file" | "update_file", path, diff } | { type: "delete_file", path } }`;
 * - `text_editor`: `{ command: "view" | "create" | "str_replace" | "insert", path, … }`, as Anthropic's.
 */
export type NativeTool = "shell" | "apply_patch" | "text_editor";

export interface ModelRequest {
  readonly instructions: string;
  /** The conversation so far, oldest first. The array grows from step to step: do not keep or change it. */
  readonly items: readonly Item[];
  /**
   * When the answers before this index were given, what came before them was longer: what a provider keeps of them is not
   * this conversation any more. Default 0.
   */
  readonly stateFrom?: number;
  readonly tools: readonly ToolSpec[];
  /** `none`: answer in words now; a tool call would not be run. */
  readonly toolChoice: "auto" | "none";
  readonly settings?: ModelSettings;
  /** The same for all calls of a session: for the provider's cache, and its safety systems. Says nothing of who talks. */
  readonly sessionKey: string;
  /** The same for each try of the same step. */
  readonly stepKey: string;
  /** What `started` said in an earlier process that has not got to the answer. */
  readonly resume?: unknown;
}

/** How an agent wants its model to answer, where it differs from what the driver was made with. */
export interface ModelSettings {
  /** Of one answer, its thoughts included. */
  readonly maxOutputTokens?: number;
  /** From 0, the same each time as far as that goes, up. Left out where the model does not take it. */
  readonly temperature?: number;
  /** How much it thinks before it answers. Left out where the model does not take it. */
  readonly effort?: "low" | "medium" | "high";
}

/** What the model is told about a tool. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly native?: NativeTool;
}

/** One piece of the conversation as a model sees it. */
export type Item =
  | {
      readonly type: "user";
      readonly actor: string;
      readonly text: string;
      /** Workspace paths of the files that came with it. */
      readonly files: readonly string[];
    }
  | {
      readonly type: "assistant";
      readonly response: ModelResponse;
      /** Text and arguments are shorter than they were, so the provider's own items are not to be sent as they are. */
      readonly isCut?: true;
    }
  | { readonly type: "tool-result"; readonly call: ToolCall; readonly result: ToolResult }
  /** The harness speaks, not a person. */
  | { readonly type: "note"; readonly text: string };

export type ModelEvent =
  | { readonly type: "text-delta"; readonly text: string }
  /** The provider works on it even if nobody listens; with `handle`, JSON, it can be found again. */
  | { readonly type: "started"; readonly handle: unknown }
  /** It is tried again from the beginning after `waitMs`: what was streamed does not count. */
  | {
      readonly type: "retry";
      readonly attempt: number;
      readonly waitMs: number;
      readonly reason: string;
    }
  | {
      readonly type: "completed";
      readonly response: ModelResponse;
      /** For who watches, as the provider says it. Nothing depends on it. */
      readonly about?: { readonly responseId?: string; readonly finish?: string };
    };
