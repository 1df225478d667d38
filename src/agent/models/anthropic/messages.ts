import type { Anthropic } from "@anthropic-ai/sdk";

import type { Item } from "../../model.ts";
import { type Exchange, exchangesOf } from "../exchanges.ts";
import { resultText } from "../result-text.ts";
import { assistantBlocks } from "./assistant-blocks.ts";
import type { Toolbox } from "./tools.ts";

type UserBlock = Anthropic.TextBlockParam | Anthropic.ToolResultBlockParam;
export type WireMessage =
  | { readonly role: "user"; readonly content: readonly UserBlock[] }
  | { readonly role: "assistant"; readonly content: readonly Anthropic.ContentBlockParam[] };

/**
 * The conversation as the API wants it: a user speaks first and last, roles alternate, and the message after one with calls
 * begins with all of their results. The same items always give the same messages, or nothing would be found in the cache.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls
 */
export function messagesOf(
  items: readonly Item[],
  options: { readonly model: string; readonly toolbox: Toolbox },
): readonly WireMessage[] {
  const assistant = assistantBlocks(options);
  return exchangesOf(items).flatMap(({ answer, isCut, results, texts }): WireMessage[] => {
    const spoken = answer && assistant.of(answer, { isCut });
    const content: UserBlock[] = [
      ...results.map((result) => resultBlock(result, spoken?.ids ?? new Map())),
      ...texts.map((text) => ({ type: "text" as const, text })),
    ];
    return [
      ...(spoken ? [{ role: "assistant" as const, content: spoken.blocks }] : []),
      { role: "user", content },
    ];
  });
}

const resultBlock = (
  { call, result }: Exchange["results"][number],
  ids: ReadonlyMap<string, string>,
): Anthropic.ToolResultBlockParam => ({
  type: "tool_result",
  tool_use_id: ids.get(call.callId) ?? call.callId,
  content: resultText(call, result),
  ...(result?.status !== "ok" && { is_error: true }),
});
