import type { Script } from "../scripting/script.ts";
import { type Answer, fail, type Failure, part, type Part } from "../scripting/step.ts";

/** What models behind chat completions say. */
export type ChatPart = Part | { readonly type: "refusal"; readonly text: string };
export type ChatAnswer = Answer<ChatPart>;
export type ChatScript = Script<ChatPart>;

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** `finished("length", say("half a sen"))` */
export const finished = (reason: FinishReason, answer: ChatAnswer): ChatAnswer => ({
  ...answer,
  stop: reason,
});

export const refuse = (text = "I'm sorry, I can't help with that."): ChatAnswer =>
  part<ChatPart>({ type: "refusal", text });

/** The server is up, but its model is not. */
export const loading = (): Failure => fail(503);
