import type { Anthropic } from "@anthropic-ai/sdk";

import type { Usage } from "../../../core/journal.ts";
import { objectOf } from "../arguments.ts";
import type { WireCall } from "./native-calls.ts";
import { merged, usageOf } from "./usage.ts";

/** One message of the API, put together from its stream. */
export interface Message {
  readonly id: string;
  readonly content: readonly Anthropic.ContentBlockParam[];
  /** The calls among the content, with the arguments as the model wrote them. */
  readonly calls: readonly WireCall[];
  readonly stop: Anthropic.StopReason | null;
  readonly details: Anthropic.RefusalStopDetails | null;
  readonly usage: Usage;
  /** The stream came to its end. */
  readonly isWhole: boolean;
}

/** A block that is being filled. */
interface Filling {
  block: Anthropic.ContentBlock;
  json: string;
}

/**
 * Puts a message together, event by event; gives the text that an event brings.
 * https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function messageReader(): {
  read(event: Anthropic.RawMessageStreamEvent): string;
  readonly message: Message;
} {
  const blocks: Filling[] = [];
  let counted: Parameters<typeof merged>[0];
  let delta: Anthropic.RawMessageDeltaEvent.Delta | undefined;
  let isWhole = false;
  let id = "";
  return {
    read(event) {
      switch (event.type) {
        case "message_start":
          id = event.message.id;
          counted = merged(counted, event.message.usage);
          return "";
        case "content_block_start":
          blocks[event.index] = { block: event.content_block, json: "" };
          return event.content_block.type === "text" ? event.content_block.text : "";
        case "content_block_delta": {
          const filling = blocks[event.index];
          return filling === undefined ? "" : fill(filling, event.delta);
        }
        case "message_delta":
          delta = event.delta;
          counted = merged(counted, event.usage);
          return "";
        case "message_stop":
          isWhole = true;
          return "";
        case "content_block_stop":
          return "";
        default:
          // The API may get new kinds of events, which clients are to pass over.
          event satisfies never;
          return "";
      }
    },
    get message() {
      return {
        id,
        content: blocks.filter(Boolean).map(finished),
        calls: blocks.flatMap(({ block, json }) =>
          block.type === "tool_use" ? [{ id: block.id, name: block.name, json }] : [],
        ),
        stop: delta?.stop_reason ?? null,
        details: delta?.stop_details ?? null,
        usage: usageOf(counted),
        isWhole,
      };
    },
  };
}

function fill(filling: Filling, delta: Anthropic.RawContentBlockDelta): string {
  const { block } = filling;
  switch (delta.type) {
    case "text_delta":
      if (block.type === "text") filling.block = { ...block, text: block.text + delta.text };
      return delta.text;
    case "input_json_delta":
      filling.json += delta.partial_json;
      return "";
    case "thinking_delta":
      if (block.type === "thinking")
        filling.block = { ...block, thinking: block.thinking + delta.thinking };
      return "";
    case "signature_delta":
      if (block.type === "thinking") filling.block = { ...block, signature: delta.signature };
      return "";
    case "citations_delta":
      if (block.type === "text")
        filling.block = { ...block, citations: [...(block.citations ?? []), delta.citation] };
      return "";
    default:
      delta satisfies never;
      return "";
  }
}

const finished = ({ block, json }: Filling): Anthropic.ContentBlockParam =>
  block.type === "tool_use" || block.type === "server_tool_use"
    ? { ...block, input: json === "" ? block.input : objectOf(json) }
    : block;
