import type { Item, Model, ModelEvent, ModelRequest } from "../../../../src/agent/model.ts";
import type { ModelFailure } from "../../../../src/agent/models/model-error.ts";
import { openaiModel } from "../../../../src/agent/models/openai/openai.ts";
import type { OpenaiModelOptions } from "../../../../src/agent/models/openai/options.ts";
import type { ModelResponse } from "../../../../src/core/journal.ts";
import type { ProviderStep } from "../../../../src/testing/model-suite.ts";
import {
  type OpenaiRequest,
  type OpenaiTwin,
  openaiTwin,
  type OpenaiTwinOptions,
} from "../../../../src/testing/twins/openai-twin.ts";
import { cut, drop, fail, stall } from "../../../../src/testing/twins/openai/faults.ts";
import type { OpenaiScript, Step } from "../../../../src/testing/twins/openai/script.ts";
import { all, call, refuse, say } from "../../../../src/testing/twins/openai/steps.ts";

type Body = Readonly<Record<string, unknown>>;

export interface Opened extends AsyncDisposable {
  readonly twin: OpenaiTwin;
  readonly model: Model;
  /** Another driver on the same twin, as of another process. */
  again(options?: Partial<OpenaiModelOptions>): Model;
  /** Bodies of the requests for a response. */
  bodies(): readonly Body[];
  /** All requests, as `POST /v1/responses`. */
  lines(): readonly string[];
}

/** The driver on a twin. */
export async function open(
  script: OpenaiScript,
  options: Partial<OpenaiModelOptions> = {},
  twinOptions: Omit<OpenaiTwinOptions, "script"> = {},
): Promise<Opened> {
  const twin = await openaiTwin({ script, ...twinOptions });
  const again = (more: Partial<OpenaiModelOptions> = {}): Model =>
    openaiModel({
      model: "gpt-5.6-luna",
      apiKey: twin.apiKey,
      baseUrl: `${twin.url}/v1`,
      ...options,
      ...more,
    });
  return {
    twin,
    model: again(),
    again,
    bodies: () => twin.requests.filter(isCreate).map(({ body }) => body as Body),
    lines: () => twin.requests.map(({ method, path }) => `${method} ${path}`),
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

export const isCreate = ({ method, path }: OpenaiRequest): boolean =>
  method === "POST" && path === "/v1/responses";

/** What the suite says, in the twin's words. */
export function stepOf(step: ProviderStep): Step {
  switch (step.type) {
    case "text":
      return say(step.text);
    case "calls": {
      const calls = step.calls.map(({ tool, args }) => call(tool, args));
      return all(...(step.text === undefined ? [] : [say(step.text)]), ...calls);
    }
    case "fails":
      return failing(step.failure, step.retryAfterMs);
    case "drops":
      return drop();
    case "cuts":
      // As often as a driver may come back for the rest.
      return cut(say("This does not get far."), 5, 5, 5, 5, 5, 5, 5, 5);
    case "stalls":
      return stall(say("This takes long."), 5);
    case "refuses":
      return refuse("I will not do that.");
  }
}

function failing(failure: ModelFailure, retryAfterMs: number | undefined): Step {
  const headers =
    retryAfterMs === undefined ? {} : { "retry-after": String(Math.round(retryAfterMs / 1000)) };
  switch (failure) {
    case "rate-limit":
      return fail(429, { headers });
    case "overloaded":
      return fail(503);
    case "auth":
      return fail(401, { code: "invalid_api_key" });
    case "context":
      return fail(400, { code: "context_length_exceeded" });
    case "server":
      return fail(500);
    case "not-found":
      return fail(404, { code: "model_not_found" });
    case "timeout":
      return fail(408);
    case "invalid":
      return fail(400);
    case "refused":
      return fail(400, { code: "invalid_prompt" });
    case "network":
      return drop();
  }
}

const { signal: never } = new AbortController();

export const user = (text: string, files: readonly string[] = []): Item => ({
  type: "user",
  actor: "Ada",
  text,
  files,
});

export const count = {
  name: "count",
  description: "Counts lines.",
  parameters: {
    type: "object",
    properties: { file: { type: "string" } },
    required: ["file"],
    additionalProperties: false,
  },
} as const;

export const shellSpec = {
  name: "shell",
  description: "Runs a command.",
  parameters: { type: "object", properties: { command: { type: "string" } } },
  native: "shell",
} as const;

export const patchSpec = {
  name: "apply_patch",
  description: "Changes a file.",
  parameters: { type: "object", properties: {} },
  native: "apply_patch",
} as const;

export const requestOf = (
  items: readonly Item[],
  more: Partial<ModelRequest> = {},
): ModelRequest => ({
  instructions: "Help.",
  items,
  tools: [count],
  toolChoice: "auto",
  sessionKey: "k",
  stepKey: "s",
  ...more,
});

/** All events of one answer, and the answer. */
export async function ask(
  model: Model,
  request: ModelRequest,
  signal = never,
): Promise<{ readonly events: readonly ModelEvent[]; readonly response: ModelResponse }> {
  const events: ModelEvent[] = [];
  for await (const event of model.respond(request, { signal })) events.push(event);
  const last = events.at(-1);
  if (last?.type !== "completed") throw new Error(`The last event is ${last?.type}`);
  return { events, response: last.response };
}

/** Appends an answer, and a result for each of its calls. */
export function settle(
  items: Item[],
  response: ModelResponse,
  results: readonly Partial<Extract<Item, { type: "tool-result" }>["result"]>[] = [],
): void {
  items.push({ type: "assistant", response });
  for (const [index, toolCall] of response.toolCalls.entries()) {
    const result = results[index] ?? {};
    items.push({
      type: "tool-result",
      call: toolCall,
      result: { status: "ok", output: "3", measures: {}, artifacts: [], ...result },
    });
  }
}

export const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
