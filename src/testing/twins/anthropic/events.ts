import type { TwinEvent } from "../http-twin.ts";
import { piecesOf } from "../scripting/tokens.ts";
import type { OwnBlock } from "./kept.ts";
import type { OwnMessage } from "./message.ts";

/** A message as a stream brings it. https://platform.claude.com/docs/en/build-with-claude/streaming */
export function* eventsOf(message: OwnMessage): Generator<TwinEvent> {
  const { content, stop_reason, stop_sequence, stop_details, usage, context_management } = message;
  yield event("message_start", {
    message: {
      ...message,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: { ...usage, output_tokens: 1 },
    },
  });
  yield event("ping", {});
  for (const [index, block] of content.entries()) {
    const { start, deltas } = streamed(block);
    yield event("content_block_start", { index, content_block: start });
    for (const delta of deltas) yield event("content_block_delta", { index, delta });
    yield event("content_block_stop", { index });
  }
  yield event("message_delta", {
    delta: { stop_reason, stop_sequence, stop_details, container: null },
    usage: {
      input_tokens: usage.input_tokens,
      cache_read_input_tokens: usage.cache_read_input_tokens,
      cache_creation_input_tokens: usage.cache_creation_input_tokens,
      output_tokens: usage.output_tokens,
      output_tokens_details: null,
      server_tool_use: null,
    },
    ...(context_management === undefined ? {} : { context_management }),
  });
  yield event("message_stop", {});
}

const event = (type: string, fields: object): TwinEvent => ({
  event: type,
  data: { type, ...fields },
});

/** What a block starts as, and what fills it. */
function streamed(block: OwnBlock): { readonly start: object; readonly deltas: readonly object[] } {
  switch (block.type) {
    case "text":
      return {
        start: { ...block, text: "" },
        deltas: piecesOf(String(block["text"])).map((text) => ({ type: "text_delta", text })),
      };
    case "thinking":
      return {
        start: { ...block, thinking: "", signature: "" },
        deltas: [
          ...piecesOf(String(block["thinking"])).map((thinking) => ({
            type: "thinking_delta",
            thinking,
          })),
          { type: "signature_delta", signature: block["signature"] },
        ],
      };
    case "tool_use":
    case "server_tool_use": {
      const { input } = block;
      const json = typeof input === "string" ? input : JSON.stringify(input);
      return {
        start: { ...block, input: {} },
        deltas: ["", ...piecesOf(json)].map((partial_json) => ({
          type: "input_json_delta",
          partial_json,
        })),
      };
    }
    case "compaction": {
      const { content, encrypted_content } = block;
      return {
        start: { ...block, content: null, encrypted_content: null },
        deltas: [{ type: "compaction_delta", content, encrypted_content }],
      };
    }
    default:
      return { start: block, deltas: [] };
  }
}

/** The whole message, or a script's mistake: without a stream, arguments are JSON. */
export function wholeMessage(message: OwnMessage): OwnMessage {
  return {
    ...message,
    content: message.content.map((block) => {
      const { input } = block;
      if (typeof input !== "string") return block;
      return { ...block, input: parsedInput(input) };
    }),
  };
}

function parsedInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("Cannot send malformed tool input: the request does not stream", { cause });
  }
}
