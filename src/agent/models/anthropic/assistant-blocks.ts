import type { Anthropic } from "@anthropic-ai/sdk";

import type { ModelResponse } from "../../../core/journal.ts";
import type { ToolCall } from "../../../core/tool-result.ts";
import { wireInput } from "./native-calls.ts";
import { isBlank, isThought, type Provider, providerOf } from "./provider.ts";
import type { Toolbox } from "./tools.ts";

/** Translates answers of one conversation. */
export interface AssistantBlocks {
  /** The blocks of an answer, and the vendor's id of each call that is among them. */
  of(
    response: ModelResponse,
    options: { readonly isCut: boolean },
  ): {
    readonly blocks: readonly Anthropic.ContentBlockParam[];
    readonly ids: ReadonlyMap<string, string>;
  };
}

/** Own answers come back as they were; those of other vendors are told in the API's words. */
export function assistantBlocks({
  model,
  toolbox,
}: {
  readonly model: string;
  readonly toolbox: Toolbox;
}): AssistantBlocks {
  const used = new Set<string>();
  return {
    of(response, { isCut }) {
      const own = providerOf(response.provider);
      const ids = new Map(
        response.toolCalls.map(({ callId }) => [callId, own ? callId : freshId(callId, used)]),
      );
      const told = (): readonly Anthropic.ContentBlockParam[] => [
        { type: "text", text: response.text },
        ...response.toolCalls.map((call) => toolUse(call, ids, toolbox)),
      ];
      // The API wants to see the thoughts of its latest answer also where that is shorter than it was.
      const thoughts = own?.model === model ? own.content.filter(isThought) : [];
      const blocks = own && !isCut ? ownBlocks(response, own, model) : [...thoughts, ...told()];
      for (const id of ids.values()) used.add(id);
      return { blocks: blocks.filter((block) => !isBlank(block)), ids };
    },
  };
}

/**
 * The harness may have taken calls out of an answer, and put words in: a call without a result would be refused, and so
 * would be thoughts alone. Thoughts of another model mean nothing to this one.
 */
function ownBlocks(
  { text, toolCalls }: ModelResponse,
  { content, model: author }: Provider,
  model: string,
): readonly Anthropic.ContentBlockParam[] {
  const kept = content.filter(
    (block) =>
      (block.type !== "tool_use" || toolCalls.some(({ callId }) => callId === block.id)) &&
      (author === model || !isThought(block)),
  );
  return kept.some(
    (block) => block.type === "tool_use" || (block.type === "text" && !isBlank(block)),
  )
    ? kept
    : [...kept, { type: "text", text }];
}

function toolUse(
  call: ToolCall,
  ids: ReadonlyMap<string, string>,
  toolbox: Toolbox,
): Anthropic.ToolUseBlockParam {
  const { name, native } = toolbox.offered(call.tool);
  return {
    type: "tool_use",
    id: ids.get(call.callId) ?? call.callId,
    name,
    input: wireInput(call, native),
  };
}

/** Ids are `^[a-zA-Z0-9_-]+$`, and each is used once in a conversation. */
function freshId(callId: string, used: Set<string>): string {
  const clean = callId.replaceAll(/[^a-zA-Z0-9_-]/g, "_") || "call";
  let id = clean;
  for (let n = 2; used.has(id); n += 1) id = `${clean}_${n}`;
  used.add(id);
  return id;
}
