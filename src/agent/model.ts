import type { ModelResponse } from "../core/journal.ts";
import type { ToolCall, ToolResult } from "../core/tool-result.ts";

/** A language model behind one call. Drivers: `models/offline.ts`, `models/scripted.ts`. */
export interface Model {
  /** `vendor/name`, for logs and for people. */
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  /**
   * Streams one answer: deltas as they come, and exactly one `completed` at the end.
   * It does not retry; the harness does.
   * @throws {OpsthreadError} `MODEL_FAILED`
   */
  respond(
    request: ModelRequest,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<ModelEvent>;
}

export interface ModelCapabilities {
  /** Input and output tokens together that one call may hold. */
  readonly contextTokens: number;
}

export interface ModelRequest {
  readonly instructions: string;
  /** The conversation so far, oldest first. The array grows from step to step: do not keep or change it. */
  readonly items: readonly Item[];
  readonly tools: readonly ToolSpec[];
  /** `none`: answer in words now; a tool call would not be run. */
  readonly toolChoice: "auto" | "none";
}

/** What the model is told about a tool. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
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
  | { readonly type: "assistant"; readonly response: ModelResponse }
  | { readonly type: "tool-result"; readonly call: ToolCall; readonly result: ToolResult }
  /** The harness speaks, not a person. */
  | { readonly type: "note"; readonly text: string };

export type ModelEvent =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "completed"; readonly response: ModelResponse };
