import { z } from "zod";

import type { TwinReply, TwinRequest } from "../http-twin.ts";
import { invalidRequest, notFound } from "./api-error.ts";
import type { Service } from "./create.ts";
import type { Item } from "./items.ts";
import { storedOf } from "./memory.ts";
import { parse } from "./parse.ts";
import { sent } from "./sent.ts";

const GetQuery = z.object({
  stream: z.enum(["true", "false"]).optional(),
  starting_after: z.coerce.number().int().min(0).optional(),
});

/** `GET /v1/responses/{id}`. https://platform.openai.com/docs/api-reference/responses/get */
export async function getResponse(
  { memory }: Service,
  id: string,
  { request, reply }: { readonly request: TwinRequest; readonly reply: TwinReply },
): Promise<void> {
  const { run } = storedOf(memory, id);
  const query = parse(GetQuery, Object.fromEntries(request.query));
  if (query.stream !== "true") {
    if (query.starting_after !== undefined) {
      throw invalidRequest("'starting_after' needs 'stream'.", "starting_after");
    }
    if (run.isBackground) run.poll();
    return await reply.json(200, run.response());
  }
  if (!run.isBackground || !run.isStreamed) {
    throw invalidRequest(
      "Streaming is only available for responses created with 'background' and 'stream'.",
      "stream",
    );
  }
  await reply.events(sent(run.follow(query.starting_after ?? -1, request.signal)));
}

/** `POST /v1/responses/{id}/cancel`, as often as wanted. https://platform.openai.com/docs/api-reference/responses/cancel */
export async function cancelResponse(
  { memory }: Service,
  id: string,
  reply: TwinReply,
): Promise<void> {
  const { run } = storedOf(memory, id);
  if (!run.isBackground) throw invalidRequest("Cannot cancel a synchronous response.", null);
  run.cancel();
  await reply.json(200, run.response());
}

/** `DELETE /v1/responses/{id}`. https://platform.openai.com/docs/api-reference/responses/delete */
export async function deleteResponse(
  { memory }: Service,
  id: string,
  reply: TwinReply,
): Promise<void> {
  storedOf(memory, id);
  memory.stored.delete(id);
  await reply.json(200, { id, object: "response", deleted: true });
}

const ListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().optional(),
});

/** `GET /v1/responses/{id}/input_items`. https://platform.openai.com/docs/api-reference/responses/input-items */
export async function listInputItems(
  { memory }: Service,
  id: string,
  { request, reply }: { readonly request: TwinRequest; readonly reply: TwinReply },
): Promise<void> {
  const { input } = storedOf(memory, id);
  const { limit, order, after } = parse(ListQuery, Object.fromEntries(request.query));
  const ordered = order === "asc" ? input : input.toReversed();
  const start = after === undefined ? 0 : ordered.findIndex((item) => item.id === after) + 1;
  if (after !== undefined && start === 0) throw notFound(`Item '${after}' not found.`, "after");
  const data = ordered.slice(start, start + limit).map(listed);
  await reply.json(200, {
    object: "list",
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < ordered.length,
  });
}

/** In lists, a message's text is a part. */
function listed(item: Item): Item {
  if (item.type !== "message" || item.role === "assistant") return item;
  if (typeof item.content !== "string") return item;
  return { ...item, content: [{ type: "input_text", text: item.content }] };
}
