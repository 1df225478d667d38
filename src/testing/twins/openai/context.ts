import type { TwinReply, TwinRequest } from "../http-twin.ts";
import { newCompaction } from "./compaction.ts";
import type { Service } from "./create.ts";
import { prepare } from "./prepare.ts";
import { parseCompact, parseCount } from "./request.ts";
import { isFromUser } from "./tokens.ts";

/** `POST /v1/responses/input_tokens`. https://platform.openai.com/docs/api-reference/responses/input-tokens */
export async function countInputTokens(
  service: Service,
  { body }: TwinRequest,
  reply: TwinReply,
): Promise<void> {
  const request = parseCount(body);
  if (typeof request.model === "string") service.windowOf(request.model);
  const { promptTokens } = prepare(request, service.memory);
  await reply.json(200, { object: "response.input_tokens", input_tokens: promptTokens });
}

/**
 * `POST /v1/responses/compact`: the user's messages as they were, and one compaction for the rest.
 * https://platform.openai.com/docs/api-reference/responses/compact
 */
export async function compactConversation(
  service: Service,
  { body }: TwinRequest,
  reply: TwinReply,
): Promise<void> {
  const request = parseCompact(body);
  service.windowOf(request.model);
  const { memory } = service;
  const { items, promptTokens } = prepare({ ...request, tools: [] }, memory);
  const messages = items
    .filter(isFromUser)
    .map((item) => ({ ...item, id: item.id ?? memory.nextId("msg"), status: "completed" }));
  const outputTokens = 32;
  await reply.json(200, {
    id: memory.nextId("resp"),
    object: "response.compaction",
    created_at: Math.floor(Date.now() / 1000),
    output: [...messages, newCompaction(memory, { keepsUserMessages: true })],
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: promptTokens + outputTokens,
    },
  });
}
