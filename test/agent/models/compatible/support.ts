import type { Item, ModelEvent, ModelRequest } from "../../../../src/agent/model.ts";
import {
  compatibleModel,
  type CompatibleOptions,
} from "../../../../src/agent/models/compatible/compatible.ts";
import { isOpsthreadError } from "../../../../src/core/errors.ts";
import type { ModelResponse } from "../../../../src/core/journal.ts";
import { chatTwin, type ChatTwinOptions } from "../../../../src/testing/twins/chat-twin.ts";
import { httpTwin, type TwinEvent } from "../../../../src/testing/twins/http-twin.ts";

export const dialects = ["openai", "ollama", "vllm", "llamacpp"] as const;

type More = Partial<CompatibleOptions>;

/** The driver on the twin. */
export async function start(
  options: Partial<ChatTwinOptions> & Pick<ChatTwinOptions, "script">,
  more: More = {},
) {
  const twin = await chatTwin({ dialect: "vllm", ...options });
  return {
    twin,
    ...asking(twin.url, more),
    body: () => twin.requests.at(-1)?.body as Body,
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

export interface Body {
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}

/** The driver on a server that sends just these events, or this body. */
export async function sending(
  answer: readonly TwinEvent[] | { readonly status: number; readonly body: unknown },
) {
  const twin = await httpTwin((_, reply) =>
    "status" in answer
      ? reply.json(answer.status, answer.body)
      : reply.events(ReadableStream.from(answer)),
  );
  return { ...asking(twin.url, {}), [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose]() };
}

export const chunk = (delta: object, finish_reason: string | null = null): TwinEvent => ({
  data: { choices: [{ index: 0, delta, finish_reason }] },
});

export const user = (text: string): Item => ({ type: "user", actor: "Ada", text, files: [] });
export const said = (response: ModelResponse): Item => ({ type: "assistant", response });
export const result = (call: ModelResponse["toolCalls"][number], output: string): Item => ({
  type: "tool-result",
  call,
  result: { status: "ok", output, measures: {}, artifacts: [] },
});

export const shell = {
  name: "shell",
  description: "Runs a command.",
  parameters: { type: "object", properties: { command: { type: "string" } } },
};

const { signal: never } = new AbortController();

function asking(url: string, more: More) {
  const model = compatibleModel({ model: "local-model", apiKey: "k", baseUrl: url, ...more });
  const ask = async (request: Partial<ModelRequest> = {}) => {
    const events: ModelEvent[] = [];
    const full: ModelRequest = {
      instructions: "Help.",
      items: [user("Is the disk full?")],
      tools: [shell],
      toolChoice: "auto",
      sessionKey: "k",
      stepKey: "s",
      ...request,
    };
    for await (const event of model.respond(full, { signal: never })) events.push(event);
    const last = events.at(-1);
    if (last?.type !== "completed") throw new Error("Not completed");
    const streamed = events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
    return { ...last.response, streamed: streamed.join("") };
  };
  return {
    model,
    ask,
    async failure(request: Partial<ModelRequest> = {}) {
      try {
        await ask(request);
      } catch (error) {
        if (!isOpsthreadError(error, "MODEL_FAILED")) throw error;
        return { message: error.message, ...error.data };
      }
      throw new Error("It answered");
    },
  };
}
