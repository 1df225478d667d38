import { abortable } from "../../core/abort.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { ModelResponse, Usage } from "../../core/journal.ts";
import type { Model, ModelEvent, ModelRequest } from "../model.ts";

/** What the scripted model does when it is called. A {@link ModelResponse} is one too. */
export interface ScriptedAnswer {
  readonly text?: string;
  readonly toolCalls?: readonly ScriptedCall[];
  readonly usage?: Usage;
  readonly provider?: unknown;
  /** Thrown instead of an answer. */
  readonly error?: Error;
  /** The answer waits for this, or for the signal. */
  readonly delayUntil?: Promise<unknown>;
}

export interface ScriptedCall {
  readonly tool: string;
  /** An object becomes its JSON text; a text is given as it is, also when it is no JSON. Default `{}`. */
  readonly args?: object | string;
  /** Default `call_1`, `call_2`, … in the order of the script. */
  readonly callId?: string;
}

/** Answers in their order, or a function of the request and the number of the call, from 0. */
export type Script =
  | readonly ScriptedAnswer[]
  | ((request: ModelRequest, call: number) => ScriptedAnswer);

/** What a call was made with. The items are the caller's, so only their number is kept. */
export interface RecordedRequest {
  readonly instructions: string;
  readonly items: number;
  readonly tools: number;
  readonly toolChoice: ModelRequest["toolChoice"];
}

export interface ScriptedModel extends Model {
  /** Every call so far, oldest first. */
  readonly requests: readonly RecordedRequest[];
}

/**
 * A model that answers as told: the test double of agents.
 *
 * @example
 * const model = scriptedModel([
 *   { toolCalls: [{ tool: "shell", args: { command: "df -h" } }] },
 *   { text: "The disk is full." },
 * ]);
 */
export function scriptedModel(
  script: Script,
  { contextTokens = 200_000 }: { readonly contextTokens?: number } = {},
): ScriptedModel {
  const requests: RecordedRequest[] = [];
  let calls = 0;
  const nextId = (): string => {
    calls += 1;
    return `call_${calls}`;
  };
  return {
    name: "opsthread/scripted",
    capabilities: { contextTokens },
    requests,
    async *respond(request, { signal }): AsyncGenerator<ModelEvent> {
      signal.throwIfAborted();
      const index = requests.length;
      const { instructions, items, tools, toolChoice } = request;
      requests.push({ instructions, items: items.length, tools: tools.length, toolChoice });
      const answer = typeof script === "function" ? script(request, index) : script[index];
      if (answer === undefined) throw endOfScript(index);
      if (answer.delayUntil !== undefined) await abortable(answer.delayUntil, signal);
      if (answer.error !== undefined) throw answer.error;
      const response = responseOf(answer, nextId);
      if (response.text !== "") yield { type: "text-delta", text: response.text };
      yield { type: "completed", response };
    },
  };
}

function responseOf(answer: ScriptedAnswer, nextId: () => string): ModelResponse {
  const { text = "", toolCalls = [], usage = noTokens, provider } = answer;
  return {
    text,
    toolCalls: toolCalls.map(({ tool, args = {}, callId = nextId() }) => ({
      callId,
      tool,
      args: typeof args === "string" ? args : JSON.stringify(args),
    })),
    usage,
    ...(provider === undefined ? {} : { provider }),
  };
}

const noTokens: Usage = { inputTokens: 0, outputTokens: 0 };

function endOfScript(index: number): OpsthreadError {
  return new OpsthreadError(
    "MODEL_FAILED",
    `Cannot answer call ${index + 1}: the script has ${index} answers`,
  );
}
