import type { Anthropic } from "@anthropic-ai/sdk";

import type { ModelEvent, ModelRequest } from "../../model.ts";
import { modelError } from "../model-error.ts";
import { concluded } from "./ending.ts";
import { failureOf } from "./failure.ts";
import { toolCallOf } from "./native-calls.ts";
import type { Settings } from "./options.ts";
import type { Provider } from "./provider.ts";
import { bodyOf, headersOf } from "./request-body.ts";
import { type Message, messageReader } from "./stream.ts";
import { toolboxOf } from "./tools.ts";
import { totalOf } from "./usage.ts";

export interface Connection {
  readonly client: Anthropic;
  readonly settings: Settings;
  readonly signal: AbortSignal;
}

/** A vendor that pauses on and on would never answer. */
const maxPauses = 10;

/**
 * One answer, also when the vendor's own tools take so long that it pauses in between: then what it said is sent back.
 * https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons#pause-turn
 */
export async function* answerOf(
  request: ModelRequest,
  connection: Connection,
): AsyncGenerator<ModelEvent> {
  const { settings } = connection;
  const toolbox = toolboxOf(request.tools, settings);
  const body = bodyOf(request, { settings, toolbox });
  const said: Said = { text: "", isApart: false };
  const messages: Message[] = [];
  do {
    if (messages.length > maxPauses)
      throw modelError(settings.name, `it paused ${maxPauses} times without coming to an end`, {
        failure: "server",
        usage: totalOf(messages),
      });
    const paused = messages.map(({ content }) => ({
      role: "assistant" as const,
      content: [...content],
    }));
    const next = { ...body, messages: [...body.messages, ...paused] };
    messages.push(yield* streamed(next, { ...connection, said, before: messages }));
  } while (messages.at(-1)?.stop === "pause_turn");

  const { content, calls, remark } = concluded(messages, settings);
  if (remark !== "") yield { type: "text-delta", text: remark };
  const provider: Provider = { kind: "anthropic-messages", model: settings.model, content };
  const response = {
    text: said.text + remark,
    toolCalls: calls.map((call) => toolCallOf(call, toolbox)),
    usage: totalOf(messages),
    provider,
  };
  const last = messages.at(-1);
  const about = { ...(last && { responseId: last.id }), ...(last?.stop && { finish: last.stop }) };
  yield { type: "completed", response, about };
}

/** The answer's text so far. */
interface Said {
  text: string;
  /** Something else came after it. */
  isApart: boolean;
}

/** One request; gives the text as it comes, and the message at the end. */
async function* streamed(
  body: Anthropic.MessageCreateParamsStreaming,
  {
    client,
    settings,
    signal,
    said,
    before,
  }: Connection & { readonly said: Said; readonly before: readonly Message[] },
): AsyncGenerator<ModelEvent, Message> {
  const reader = messageReader();
  const headers = headersOf(settings);
  try {
    for await (const event of await client.messages.create(body, { signal, headers })) {
      const text = reader.read(event);
      if (event.type === "content_block_start" && event.content_block.type !== "text")
        said.isApart = true;
      if (text === "") continue;
      const delta = said.isApart && said.text !== "" ? `\n\n${text}` : text;
      said.isApart = false;
      said.text += delta;
      yield { type: "text-delta", text: delta };
    }
  } catch (error) {
    signal.throwIfAborted();
    throw await failureOf(error, {
      model: settings.name,
      usage: totalOf([...before, reader.message]),
    });
  }
  // An aborted stream just ends.
  signal.throwIfAborted();
  const { message } = reader;
  if (message.isWhole) return message;
  throw modelError(settings.name, "the stream ended before the answer was complete", {
    failure: "network",
    usage: totalOf([...before, message]),
  });
}
