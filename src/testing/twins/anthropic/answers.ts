import type { Script } from "../scripting/script.ts";
import { interrupt, type Answer, fail, part, type Part } from "../scripting/step.ts";

/** What only this vendor's models say. */
export type AnthropicPart =
  | Part
  /** A call of a tool that the vendor runs itself. */
  | { readonly type: "server-call"; readonly tool: string; readonly args: object }
  | { readonly type: "redacted-thinking" }
  | { readonly type: "compaction"; readonly summary: string };

export type AnthropicAnswer = Answer<AnthropicPart> & { readonly refusal?: RefusalDetails };
export type AnthropicScript = Script<AnthropicPart>;

/** https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
export type StopReason =
  | "end_turn"
  | "max_tokens"
  | "stop_sequence"
  | "tool_use"
  | "pause_turn"
  | "refusal"
  | "model_context_window_exceeded"
  | "compaction";

export interface RefusalDetails {
  readonly category:
    | "cyber"
    | "bio"
    | "frontier_llm"
    | "reasoning_extraction"
    | "general_harms"
    | null;
  readonly explanation: string | null;
}

/** `stopped("max_tokens", say("half a sen"))` */
export const stopped = (
  reason: Exclude<StopReason, "refusal" | "compaction">,
  answer: AnthropicAnswer,
): AnthropicAnswer => ({ ...answer, stop: reason });

/** The turn pauses: what was said so far must come back as it is. */
export const pause = (answer: AnthropicAnswer): AnthropicAnswer => stopped("pause_turn", answer);

/** What is said before the classifier stops it is part of the answer. */
export const refuse = (
  refusal: RefusalDetails = { category: null, explanation: null },
  said: AnthropicAnswer = { type: "answer", parts: [], faults: [] },
): AnthropicAnswer => ({ ...said, stop: "refusal", refusal });

export const serverCall = (tool: string, args: object = {}): AnthropicAnswer =>
  part<AnthropicPart>({ type: "server-call", tool, args });

export const redactedThinking = (): AnthropicAnswer =>
  part<AnthropicPart>({ type: "redacted-thinking" });

/** The conversation is summed up first, for a request that asks for `compact_20260112`; it may ask to pause then. */
export const compacted = (summary: string): AnthropicAnswer =>
  part<AnthropicPart>({ type: "compaction", summary });

/** The stream breaks off with the vendor's error for having too much to do. */
export const overloadedAfter = (answer: AnthropicAnswer, afterEvents: number): AnthropicAnswer =>
  interrupt<AnthropicPart>(answer, afterEvents, fail(529));
