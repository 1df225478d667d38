import type { TwinRequest } from "../http-twin.ts";
import { canonical, tokensIn } from "../scripting/tokens.ts";
import { ChatRefusal, type Dialect } from "./dialect.ts";
import type { ChatRequest } from "./request.ts";

export interface ChatModel {
  readonly id: string;
  /** Default 32,768. */
  readonly contextTokens?: number;
  /** Whether its template knows tools. Default true. */
  readonly tools?: boolean;
}

type FullModel = Required<ChatModel>;

export const fullModel = (model: ChatModel | string): FullModel => ({
  contextTokens: 32_768,
  tools: true,
  ...(typeof model === "string" ? { id: model } : model),
});

/** A server with one model may not look at the name. */
export function servedModel(models: readonly FullModel[], id: string, dialect: Dialect): FullModel {
  const model =
    models.find((one) => one.id === id) ?? (dialect.quirks.checksModel ? undefined : models[0]);
  if (model === undefined) throw new ChatRefusal(dialect.unknownModel(id));
  return model;
}

/** How much of the prompt the model reads. */
export function roomFor(
  { messages, tools = [], max_tokens, max_completion_tokens }: ChatRequest,
  { model, dialect }: { readonly model: FullModel; readonly dialect: Dialect },
): number {
  const input = tokensIn(canonical([...tools, ...messages]));
  const output = max_completion_tokens ?? max_tokens ?? 0;
  const context = model.contextTokens;
  if (dialect.quirks.overflow === "truncate") return Math.min(input, context);
  if (input + output > context) throw new ChatRefusal(dialect.tooLong({ input, output, context }));
  return input;
}

/** https://platform.openai.com/docs/api-reference/models */
export function modelsAnswer(
  models: readonly FullModel[],
  { path }: TwinRequest,
  dialect: Dialect,
): unknown {
  const id = /^\/v1\/models\/(.+)$/.exec(path)?.[1];
  const found =
    id === undefined ? models : models.filter((model) => model.id === decodeURIComponent(id));
  const data = found.map((model) => ({
    id: model.id,
    object: "model",
    created: 1_767_225_600,
    ...dialect.model(model.contextTokens),
  }));
  if (id === undefined) return { object: "list", data };
  const [only] = data;
  if (only === undefined) throw new ChatRefusal(dialect.unknownModel(decodeURIComponent(id)));
  return only;
}
