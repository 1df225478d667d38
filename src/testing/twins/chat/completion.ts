import { randomBytes } from "node:crypto";

import { canonical, tokensIn } from "../scripting/tokens.ts";
import type { ChatAnswer, FinishReason } from "./answers.ts";
import type { Dialect } from "./dialect.ts";

/** An answer as the server has it before it is put on the wire. */
export interface Completion {
  readonly id: string;
  readonly model: string;
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly calls: readonly Called[];
  readonly finish: FinishReason;
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
}

interface Called {
  readonly id: string | undefined;
  readonly index: number;
  readonly name: string;
  readonly args: string;
}

export function completionOf(
  { parts, stop }: ChatAnswer,
  {
    dialect,
    model,
    input,
  }: { readonly dialect: Dialect; readonly model: string; readonly input: number },
): Completion {
  const { quirks } = dialect;
  const joined = (type: "text" | "thinking" | "refusal"): string =>
    parts.map((part) => (part.type === type ? part.text : "")).join("");
  const calls = parts
    .flatMap((part) => (part.type === "call" ? [part] : []))
    .map(({ id, tool, args }, index) => ({
      id: quirks.callIds ? (id ?? dialect.callId()) : undefined,
      index: quirks.allAtIndexZero ? 0 : index,
      name: tool,
      args: typeof args === "string" ? args : JSON.stringify(args),
    }));
  const output = Math.max(1, tokensIn(canonical(parts)));
  const byItself = calls.length > 0 ? quirks.callsFinish : "stop";
  return {
    id: `chatcmpl-${randomBytes(8).toString("hex")}`,
    model,
    text: joined("text"),
    reasoning: joined("thinking"),
    refusal: joined("refusal"),
    calls,
    finish: stop !== undefined && isFinish(stop) ? stop : byItself,
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  };
}

const reasons: readonly string[] = [
  "stop",
  "length",
  "tool_calls",
  "content_filter",
] satisfies readonly FinishReason[];
const isFinish = (word: string): word is FinishReason => reasons.includes(word);

/** https://platform.openai.com/docs/api-reference/chat/object */
export function wholeCompletion(completion: Completion, dialect: Dialect): unknown {
  const { id, model, text, reasoning, refusal, calls, finish, usage } = completion;
  const { quirks, stamp, message } = dialect;
  return {
    id,
    object: "chat.completion",
    created: 1_767_225_600,
    model,
    ...stamp,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text === "" && (calls.length > 0 || refusal !== "") ? quirks.emptyContent : text,
          ...message,
          ...(refusal === "" ? {} : { refusal }),
          ...(quirks.reasoning === undefined || reasoning === ""
            ? {}
            : { [quirks.reasoning]: reasoning }),
          ...(calls.length === 0
            ? {}
            : { tool_calls: calls.map((called) => wireCall(called, quirks.args === "object")) }),
        },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    usage,
  };
}

export const wireCall = ({ id, index, name, args }: Called, asObject: boolean): object => ({
  ...(id === undefined ? {} : { id }),
  index,
  type: "function",
  function: { name, arguments: asObject ? JSON.parse(args) : args },
});
