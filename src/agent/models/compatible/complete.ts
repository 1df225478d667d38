import { isOpsthreadError } from "../../../core/errors.ts";
import type { ModelEvent, ModelRequest } from "../../model.ts";
import { parsed } from "../arguments.ts";
import { boundedText } from "./bounded-text.ts";
import { toolCallsOf } from "./calls.ts";
import { Chunk } from "./chunk.ts";
import { completionReader } from "./completion.ts";
import { concluded } from "./ending.ts";
import { brokenFailure, toldBy, toldFailure } from "./failure.ts";
import { namesOf } from "./names.ts";
import type { Server } from "./options.ts";
import { bodyOf } from "./request-body.ts";
import { maxLineBytes, serverSentEvents } from "./server-sent-events.ts";

interface Setting {
  readonly server: Server;
  /** For people. */
  readonly name: string;
  readonly model: string;
  readonly maxOutputTokens: number | undefined;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** Asks once, and streams the answer. */
export async function* completionOf(
  request: ModelRequest,
  setting: Setting,
): AsyncGenerator<ModelEvent> {
  const { name, signal } = setting;
  const names = namesOf(request.tools);
  const reader = completionReader();
  let text = "";
  try {
    const response = await post(bodyOf(request, { ...setting, names }), setting);
    for await (const chunk of chunksOf(response, { name, hasTools: request.tools.length > 0 })) {
      const delta = chunk === "done" ? reader.done() : reader.add(chunk);
      text += delta;
      if (delta !== "") yield { type: "text-delta", text: delta };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isOpsthreadError(error)) throw error;
    throw brokenFailure(name, error, reader.completion.usage);
  }
  signal.throwIfAborted();
  const { calls, remark } = concluded(text + reader.end(), reader.completion, name);
  const rest = reader.end() + remark;
  if (rest !== "") yield { type: "text-delta", text: rest };
  const used = new Set(
    request.items.flatMap((item) =>
      item.type === "assistant" ? item.response.toolCalls.map(({ callId }) => callId) : [],
    ),
  );
  const response = {
    text: text + rest,
    toolCalls: toolCallsOf(calls, { names, stepKey: request.stepKey, used }),
    usage: reader.completion.usage ?? { inputTokens: 0, outputTokens: 0 },
  };
  const { finish } = reader.completion;
  yield { type: "completed", response, ...(finish !== undefined && { about: { finish } }) };
}

const post = async (body: object, { server, signal }: Setting): Promise<Response> =>
  fetch(`${server.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...server.headers },
    body: JSON.stringify(body),
    signal,
  });

/** What an answer consists of. A server that does not stream answers with one whole. */
async function* chunksOf(
  response: Response,
  { name, hasTools }: { readonly name: string; readonly hasTools: boolean },
): AsyncGenerator<Chunk | "done"> {
  const { headers, status, ok, body } = response;
  if (!ok) {
    const told = toldBy(await boundedText(response, 64 * 1024), status);
    throw toldFailure(name, told, { headers, hasTools });
  }
  const streams = headers.get("content-type")?.includes("event-stream") === true;
  const texts =
    streams && body ? serverSentEvents(body) : [await boundedText(response, maxLineBytes)];
  for await (const text of texts) {
    if (text === "[DONE]") return yield "done";
    const chunk = Chunk.safeParse(parsed(text));
    if (!chunk.success) throw new Error(`what came is no completion: ${text.slice(0, 200)}`);
    if (chunk.data.error || chunk.data.object === "error")
      throw toldFailure(name, toldBy(text), { headers, hasTools });
    yield chunk.data;
  }
}
