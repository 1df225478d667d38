import type { IncomingHttpHeaders } from "node:http";

import { httpTwin, type TwinReply, type TwinRequest } from "./http-twin.ts";
import { ApiError, invalidRequest, scriptMistake } from "./openai/api-error.ts";
import type { Service } from "./openai/create.ts";
import { emptyMemory } from "./openai/memory.ts";
import type { ResponseBody } from "./openai/response.ts";
import { route } from "./openai/route.ts";
import type { Fault, OpenaiScript } from "./openai/script.ts";

/** A request as the twin got it. */
export interface OpenaiRequest {
  /** Among all requests, from 0. */
  readonly index: number;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Without the key. */
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface OpenaiTwinOptions {
  /** What the model does, one step for each response that is asked for in a valid request. */
  readonly script: OpenaiScript;
  /** Context windows in tokens, by the model's name. Default: `gpt-5.6-luna` with 400,000. */
  readonly models?: Readonly<Record<string, number>>;
  /** Default `sk-twin`. */
  readonly apiKey?: string;
  /** Called before any request is read: what it returns is the answer. */
  readonly faults?: (request: OpenaiRequest) => Fault | undefined;
}

export interface OpenaiTwin extends AsyncDisposable {
  /** Without `/v1`. */
  readonly url: string;
  readonly apiKey: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly OpenaiRequest[];
  /** The responses that can be retrieved, as they are now. */
  readonly responses: readonly ResponseBody[];
  /** Lets what {@link stall}s go on to its next stall, or to its end. */
  release(): void;
  /** Drops all stored responses, as the API does when they expire. */
  forget(): void;
}

/**
 * OpenAI's Responses API on loopback, strict about what it gets and scripted in what it says. The `openai` client works
 * with it as it is: `new OpenAI({ baseURL: twin.url + "/v1", apiKey: twin.apiKey, maxRetries: 0 })`.
 *
 * https://platform.openai.com/docs/api-reference/responses
 *
 * @example
 * await using twin = await openaiTwin({
 *   script: [all(think("Look first"), call("df", { path: "/" })), say("The disk is full.")],
 * });
 */
export async function openaiTwin({
  script,
  models = { "gpt-5.6-luna": 400_000 },
  apiKey = "sk-twin",
  faults = () => undefined,
}: OpenaiTwinOptions): Promise<OpenaiTwin> {
  const service = serviceOf(script, models);
  const requests: OpenaiRequest[] = [];

  const twin = await httpTwin(async (request, plain) => {
    const logged = logOf(request, requests.length);
    requests.push(logged);
    const reply = withHeaders(plain, {
      "x-request-id": `req_${logged.index}`,
      "openai-version": "2020-10-01",
    });
    try {
      const fault = faults(logged);
      if (fault?.type === "drop") return reply.drop();
      if (fault?.type === "fail") {
        return await reply.json(fault.status, { error: fault.error }, fault.headers);
      }
      checkKey(request.headers.authorization, apiKey);
      await route(service, { models, request, reply });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await reply.json(error.status, { error: error.body });
    }
  });

  return {
    url: twin.url,
    apiKey,
    requests,
    get responses() {
      return Array.from(service.memory.stored.values(), ({ run }) => run.response());
    },
    release() {
      for (const run of service.runs) run.release();
    },
    forget: () => service.memory.stored.clear(),
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

function serviceOf(script: OpenaiScript, models: Readonly<Record<string, number>>): Service {
  let index = 0;
  return {
    memory: emptyMemory(),
    runs: [],
    windowOf(model) {
      const tokens = models[model];
      if (tokens !== undefined) return tokens;
      const message = `The requested model '${model}' does not exist.`;
      throw invalidRequest(message, "model", "model_not_found");
    },
    stepFor(request) {
      const step = typeof script === "function" ? script({ ...request, index }) : script.at(index);
      index += 1;
      if (step !== undefined) return step;
      throw scriptMistake(`Cannot answer response ${index}: the script has ${script.length} steps`);
    },
  };
}

function logOf(request: TwinRequest, index: number): OpenaiRequest {
  const { authorization: _, ...headers } = request.headers;
  const { method, path, body } = request;
  return { index, method, path, query: Object.fromEntries(request.query), headers, body };
}

function withHeaders(reply: TwinReply, added: Readonly<Record<string, string>>): TwinReply {
  return {
    json: (status, body, headers) => reply.json(status, body, { ...added, ...headers }),
    events: (events, headers) => reply.events(events, { ...added, ...headers }),
    drop: () => reply.drop(),
  };
}

/** https://platform.openai.com/docs/api-reference/authentication */
function checkKey(authorization: string | undefined, apiKey: string): void {
  if (authorization === `Bearer ${apiKey}`) return;
  const isMissing = authorization === undefined || !authorization.startsWith("Bearer ");
  throw new ApiError(401, {
    message: isMissing
      ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
      : "Incorrect API key provided.",
    type: "invalid_request_error",
    param: null,
    code: isMissing ? null : "invalid_api_key",
  });
}
