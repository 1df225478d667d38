import { randomBytes } from "node:crypto";

import { canonical, tokensIn } from "../scripting/tokens.ts";
import type { AnthropicAnswer, AnthropicPart, StopReason } from "./answers.ts";
import type { InputUsage } from "./caching.ts";
import type { OwnBlock } from "./kept.ts";
import type { CreateRequest } from "./request.ts";
import { sign } from "./thinking.ts";

/** An answer as the API gives it. https://platform.claude.com/docs/en/api/messages/create */
export interface OwnMessage {
  readonly content: readonly OwnBlock[];
  readonly stop_reason: StopReason;
  readonly stop_sequence: string | null;
  readonly stop_details: object | null;
  readonly usage: InputUsage & { readonly output_tokens: number } & Readonly<
      Record<string, unknown>
    >;
  readonly [field: string]: unknown;
}

export function messageOf(
  answer: AnthropicAnswer,
  {
    request,
    usage,
    applied,
  }: {
    readonly request: CreateRequest;
    readonly usage: InputUsage;
    readonly applied: readonly object[];
  },
): OwnMessage {
  const parts = upToPause(answer.parts, request);
  const content = parts.map(blockOf);
  const stop = isCompactionPause(parts, request) ? "compaction" : stopOf(answer, content);
  return {
    id: `msg_01${randomBytes(11).toString("hex")}`,
    type: "message",
    role: "assistant",
    model: request.model,
    content,
    stop_reason: stop,
    stop_sequence: stop === "stop_sequence" ? (request.stop_sequences?.[0] ?? null) : null,
    stop_details: answer.refusal === undefined ? null : { type: "refusal", ...answer.refusal },
    container: null,
    diagnostics: null,
    ...(request.context_management === undefined
      ? {}
      : { context_management: { applied_edits: applied } }),
    usage: {
      ...usage,
      output_tokens: Math.max(1, tokensIn(canonical(content))),
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: "standard",
      inference_geo: null,
      speed: null,
    },
  };
}

const stops: readonly string[] = [
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
] satisfies readonly StopReason[];
const isStop = (word: string): word is StopReason => stops.includes(word);

function stopOf({ stop }: AnthropicAnswer, content: readonly OwnBlock[]): StopReason {
  if (stop !== undefined && isStop(stop)) return stop;
  return content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn";
}

const compaction = ({ context_management }: CreateRequest) =>
  context_management?.edits?.find((edit) => edit.type === "compact_20260112");

const isCompactionPause = (parts: readonly AnthropicPart[], request: CreateRequest): boolean =>
  parts.at(-1)?.type === "compaction" && compaction(request)?.pause_after_compaction === true;

function upToPause(
  parts: readonly AnthropicPart[],
  request: CreateRequest,
): readonly AnthropicPart[] {
  const at = parts.findIndex(({ type }) => type === "compaction");
  if (at === -1) return parts;
  const edit = compaction(request);
  if (edit === undefined)
    throw new Error("Cannot compact the conversation: the request has no edit compact_20260112");
  return edit.pause_after_compaction === true ? parts.slice(0, at + 1) : parts;
}

function blockOf(part: AnthropicPart): OwnBlock {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text, citations: null };
    case "thinking":
      return { type: "thinking", thinking: part.text, signature: sign(part.text) };
    case "redacted-thinking":
      return {
        type: "redacted_thinking",
        data: `${randomBytes(8).toString("hex")}${sign("redacted")}`,
      };
    case "call":
      return {
        type: "tool_use",
        id: part.id ?? `toolu_01${randomBytes(11).toString("hex")}`,
        name: part.tool,
        // A text is looked at where it goes out: only a stream can carry broken JSON.
        input: part.args,
        caller: { type: "direct" },
      };
    case "server-call":
      return {
        type: "server_tool_use",
        id: `srvtoolu_01${randomBytes(11).toString("hex")}`,
        name: part.tool,
        input: part.args,
        caller: { type: "direct" },
      };
    case "compaction":
      return { type: "compaction", content: part.summary, encrypted_content: sign(part.summary) };
    default:
      return part satisfies never;
  }
}
