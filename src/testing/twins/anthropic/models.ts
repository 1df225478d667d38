import type { TwinRequest } from "../http-twin.ts";
import { Refusal } from "./refusal.ts";

export interface TwinModel {
  readonly id: string;
  /** Default 200,000. */
  readonly contextTokens?: number;
  /** Default 64,000. */
  readonly maxOutputTokens?: number;
  /** A shorter prefix is not cached. Default 1,024. */
  readonly minimumCacheTokens?: number;
  /** Whether a conversation may end with the beginning of the answer. Default false, as newer models have it. */
  readonly prefill?: boolean;
  /** Whether input and `max_tokens` must fit together, as before Claude Sonnet 4.5. Default false. */
  readonly countsMaxTokens?: boolean;
}

export type FullModel = Required<TwinModel>;

export const fullModel = (model: TwinModel | string): FullModel => ({
  contextTokens: 200_000,
  maxOutputTokens: 64_000,
  minimumCacheTokens: 1_024,
  prefill: false,
  countsMaxTokens: false,
  ...(typeof model === "string" ? { id: model } : model),
});

export function modelFor(models: readonly FullModel[], id: string): FullModel {
  const model = models.find((one) => one.id === id);
  if (model === undefined) throw new Refusal(`model: ${id}`, 404);
  return model;
}

/** https://platform.claude.com/docs/en/build-with-claude/context-windows */
export function checkRoom(model: FullModel, input: number, maxTokens: number): void {
  const { id, contextTokens, maxOutputTokens, countsMaxTokens } = model;
  if (maxTokens > maxOutputTokens)
    throw new Refusal(
      `max_tokens: ${maxTokens} > ${maxOutputTokens}, which is the maximum allowed number of output tokens for ${id}`,
    );
  if (input > contextTokens)
    throw new Refusal(`prompt is too long: ${input} tokens > ${contextTokens} maximum`);
  if (countsMaxTokens && input + maxTokens > contextTokens)
    throw new Refusal(
      `input length and \`max_tokens\` exceed context limit: ${input} + ${maxTokens} > ${contextTokens}, ` +
        "decrease input length or `max_tokens` and try again",
    );
}

/** https://platform.claude.com/docs/en/api/models/list */
export function modelsAnswer(models: readonly FullModel[], { path, query }: TwinRequest): unknown {
  const id = /^\/v1\/models\/(.+)$/.exec(path)?.[1];
  if (id !== undefined) return modelInfo(modelFor(models, decodeURIComponent(id)));
  const limit = Number(query.get("limit") ?? 20);
  const start = models.findIndex((model) => model.id === query.get("after_id")) + 1;
  const page = models.slice(start, start + limit);
  return {
    data: page.map(modelInfo),
    has_more: start + limit < models.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

const modelInfo = ({ id, contextTokens, maxOutputTokens }: FullModel): unknown => ({
  type: "model",
  id,
  display_name: id,
  created_at: "2026-01-01T00:00:00Z",
  max_input_tokens: contextTokens,
  max_tokens: maxOutputTokens,
  capabilities: null,
  lifecycle: "active",
  line: null,
  deprecated_at: null,
  retires_at: null,
});
