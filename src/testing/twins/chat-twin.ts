import type { ChatPart, ChatScript } from "./chat/answers.ts";
import { chunksOf } from "./chat/chunks.ts";
import { completionOf, wholeCompletion } from "./chat/completion.ts";
import { ChatRefusal, type Dialect, type Quirks, type Said } from "./chat/dialect.ts";
import { llamacpp } from "./chat/llamacpp.ts";
import { type ChatModel, fullModel, modelsAnswer, roomFor, servedModel } from "./chat/models.ts";
import { ollama } from "./chat/ollama.ts";
import { openai } from "./chat/openai.ts";
import { parseRequest } from "./chat/request.ts";
import { checkToolMessages } from "./chat/tool-messages.ts";
import { vllm } from "./chat/vllm.ts";
import { httpTwin, type HttpTwin, type TwinReply, type TwinRequest } from "./http-twin.ts";
import { gate } from "./scripting/gate.ts";
import { perform, type Rendering } from "./scripting/perform.ts";
import { logged, type LoggedRequest } from "./scripting/requests.ts";
import { scriptRunner } from "./scripting/script.ts";
import type { Failure } from "./scripting/step.ts";

const dialects = { openai, ollama, vllm, llamacpp };

export interface ChatTwinOptions {
  readonly dialect: keyof typeof dialects;
  readonly script: ChatScript;
  /** Default: one model, `local-model`. */
  readonly models?: readonly (ChatModel | string)[];
  /** Without one, every key is good. */
  readonly apiKey?: string;
  /** Where this server differs from its kind. */
  readonly quirks?: Partial<Quirks>;
}

export interface ChatTwin extends HttpTwin {
  /** Every request so far, refused ones too. */
  readonly requests: readonly LoggedRequest[];
  /** Lets stalled answers go on. */
  release(): void;
  /** Resolves as soon as an answer stalls. */
  stalled(): Promise<void>;
}

/**
 * A stand-in of a server that speaks chat completions, in one of their dialects, which answers as a script says.
 *
 * @example
 * await using twin = await chatTwin({ dialect: "ollama", script: [call("shell", { command: "df -h" }), say("Full.")] });
 * const client = new OpenAI({ baseURL: `${twin.url}/v1`, apiKey: "any", maxRetries: 0 });
 */
export async function chatTwin(options: ChatTwinOptions): Promise<ChatTwin> {
  const kind = dialects[options.dialect];
  const dialect: Dialect = { ...kind, quirks: { ...kind.quirks, ...options.quirks } };
  const models = (options.models ?? ["local-model"]).map(fullModel);
  const requests: LoggedRequest[] = [];
  const next = scriptRunner(options.script);
  const door = gate();

  async function answer(request: TwinRequest, reply: TwinReply): Promise<void> {
    if (!isAllowed(request, dialect, options.apiKey))
      return reply.json(401, dialect.unauthorized());
    if (request.method === "GET" && request.path.startsWith("/v1/models"))
      return reply.json(200, modelsAnswer(models, request, dialect));
    if (request.method !== "POST" || request.path !== "/v1/chat/completions")
      throw new ChatRefusal({
        status: 404,
        message: `Invalid URL (${request.method} ${request.path})`,
      });
    const chat = parseRequest(request.body, dialect.quirks);
    const model = servedModel(models, chat.model, dialect);
    if ((chat.tools ?? []).length > 0 && !model.tools)
      throw new ChatRefusal(dialect.noTools(model.id));
    checkToolMessages(chat.messages, { hasIds: dialect.quirks.callIds, dialect });
    const input = roomFor(chat, { model, dialect });
    const streams = chat.stream === true;
    const includeUsage = chat.stream_options?.include_usage === true;
    const rendering: Rendering<ChatPart> = {
      headers: { "x-request-id": "req_twin" },
      accept(step) {
        const completion = completionOf(step, { dialect, model: model.id, input });
        return streams
          ? { body: undefined, events: chunksOf(completion, { dialect, includeUsage }) }
          : { body: wholeCompletion(completion, dialect), events: [] };
      },
      failure: (failure) => ({
        body: dialect.error(said(failure, dialect)),
        headers: headersOf(failure),
      }),
      errorEvent: (failure) => ({ data: dialect.error(said(failure, dialect)) }),
    };
    await perform(next(logged(request)), rendering, {
      reply,
      signal: request.signal,
      gate: door,
      streams,
    });
  }

  const twin = await httpTwin(async (request, reply) => {
    requests.push(logged(request));
    try {
      await answer(request, reply);
    } catch (error) {
      const words =
        error instanceof ChatRefusal
          ? error.said
          : { status: 500, message: `The twin failed: ${String(error)}` };
      await reply.json(words.status, dialect.error(words));
    }
  });
  return { ...twin, requests, release: () => door.release(), stalled: async () => door.stalled() };
}

function isAllowed({ headers }: TwinRequest, { quirks }: Dialect, apiKey?: string): boolean {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  return apiKey === undefined ? !quirks.needsKey || token !== undefined : token === apiKey;
}

const said = ({ status, message, error }: Failure, { messages }: Dialect): Said => ({
  status,
  message: message ?? messages[status] ?? "Error",
  type: error,
});

const headersOf = ({ retryAfterS, headers = {} }: Failure): Record<string, string> => ({
  ...(retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) }),
  ...headers,
});
