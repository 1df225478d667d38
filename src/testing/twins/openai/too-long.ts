import type { TwinReply } from "../http-twin.ts";
import { ApiError } from "./api-error.ts";
import { compose } from "./compose.ts";
import type { Memory } from "./memory.ts";
import type { CreateRequest } from "./request.ts";
import { sent } from "./sent.ts";
import { all } from "./steps.ts";

/**
 * A stream has begun when the API finds its prompt too long: it says so in an `error` event, of another shape than the
 * documented one. Seen in the wild; without a stream it is a plain 400.
 */
export async function tooLong(
  memory: Memory,
  {
    request,
    error,
    reply,
  }: { readonly request: CreateRequest; readonly error: unknown; readonly reply: TwinReply },
): Promise<void> {
  if (!(error instanceof ApiError)) throw error;
  const { message, code } = error.body;
  const prepared = { items: [], prompt: "", promptTokens: 0, isCompacting: false };
  const response = compose(all(), { request, prepared, memory });
  const begun = { ...response, status: "in_progress", completed_at: null, usage: null };
  const failed = { ...begun, status: "failed", error: { code, message } };
  async function* events(): AsyncGenerator<Readonly<Record<string, unknown>>> {
    yield { type: "response.created", response: begun, sequence_number: 0 };
    yield { type: "response.in_progress", response: begun, sequence_number: 1 };
    yield { type: "error", sequence_number: 2, error: error instanceof ApiError ? error.body : {} };
    yield { type: "response.failed", response: failed, sequence_number: 3 };
  }
  await reply.events(sent(events()));
}
