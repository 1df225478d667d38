import type { PatchOperation } from "./calls.ts";
import type { Answer, ScriptedItem } from "./script.ts";

type Phase = "commentary" | "final_answer";

/** The model says something. */
export function say(text: string, { phase }: { readonly phase?: Phase } = {}): Answer {
  return answerOf({ type: "message", text, phase });
}

/** The model does not want to. */
export function refuse(text: string): Answer {
  return answerOf({ type: "refusal", text });
}

/** The model reasons; each text is a part of the summary that it gives. */
export function think(
  summary: string | readonly string[],
  { tokens = 64 }: { readonly tokens?: number } = {},
): Answer {
  const summaries = typeof summary === "string" ? [summary] : summary;
  return answerOf({ type: "reasoning", summaries, tokens });
}

interface CallOptions {
  /** Default: a new one. */
  readonly callId?: string;
  /** The tool need not be in the request: the model made it up. */
  readonly isMadeUp?: boolean;
}

/** The model calls a function. A string is given as the arguments as it is, also when it is no JSON. */
export function call(
  name: string,
  args: object | string = {},
  { callId, isMadeUp = false }: CallOptions = {},
): Answer {
  const input = typeof args === "string" ? args : JSON.stringify(args);
  return answerOf({ type: "function_call", name, input, callId, isMadeUp });
}

/** The model calls a custom tool, whose input is text. */
export function callCustom(
  name: string,
  input: string,
  { callId, isMadeUp = false }: CallOptions = {},
): Answer {
  return answerOf({ type: "custom_tool_call", name, input, callId, isMadeUp });
}

/** The model calls the shell tool. */
export function shell(
  commands: readonly string[],
  {
    timeoutMs = null,
    maxOutputLength = null,
    callId,
  }: {
    readonly timeoutMs?: number | null;
    readonly maxOutputLength?: number | null;
    readonly callId?: string;
  } = {},
): Answer {
  return answerOf({ type: "shell_call", commands, timeoutMs, maxOutputLength, callId });
}

/** The model calls the apply_patch tool. */
export function patch(
  operation: PatchOperation,
  { callId }: { readonly callId?: string } = {},
): Answer {
  return answerOf({ type: "apply_patch_call", operation, callId });
}

/**
 * Several items in one response, in their order.
 *
 * @example
 * all(think("Two hosts to look at"), call("ping", { host: "a" }), call("ping", { host: "b" }));
 */
export function all(...answers: readonly Answer[]): Answer {
  return { ...nothing, items: answers.flatMap(({ items }) => items) };
}

const nothing: Answer = {
  type: "answer",
  items: [],
  ending: { type: "completed" },
  isLost: false,
  cuts: [],
  stalls: [],
};

function answerOf(item: ScriptedItem): Answer {
  return { ...nothing, items: [item] };
}
