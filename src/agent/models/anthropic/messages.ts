import type { Anthropic } from "@anthropic-ai/sdk";

import type { Item } from "../../model.ts";
import { assistantBlocks } from "./assistant-blocks.ts";
import type { Toolbox } from "./tools.ts";
import { missingResult, resultBlock, strayResult, textBlock } from "./user-blocks.ts";

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
  { model, toolbox }: { readonly model: string; readonly toolbox: Toolbox },
): readonly WireMessage[] {
  const messages: WireMessage[] = [];
  const assistant = assistantBlocks({ model, toolbox });
  let results: UserBlock[] = [];
  let texts: UserBlock[] = [];
  /** The vendor's ids of the calls without a result, by ours. */
  let open = new Map<string, string>();

  const flush = (): void => {
    for (const id of open.values()) results.push(missingResult(id));
    const content = [...results, ...texts];
    [results, texts, open] = [[], [], new Map()];
    if (content.length === 0) return;
    const last = messages.at(-1);
    if (last?.role === "user")
      messages.splice(-1, 1, { ...last, content: [...last.content, ...content] });
    else messages.push({ role: "user", content });
  };

  for (const item of items) {
    if (item.type === "assistant") {
      const { blocks, ids } = assistant.of(item.response);
      if (blocks.length === 0) continue;
      flush();
      if (messages.length === 0) messages.push({ role: "user", content: [beginning] });
      if (messages.at(-1)?.role === "assistant") messages.push({ role: "user", content: [goOn] });
      messages.push({ role: "assistant", content: blocks });
      open = new Map(ids);
    } else if (item.type === "tool-result") {
      const id = open.get(item.call.callId);
      if (id === undefined) texts.push(strayResult(item));
      else results.push(resultBlock(item, id));
      open.delete(item.call.callId);
    } else texts.push(textBlock(item));
  }
  flush();
  if (messages.at(-1)?.role !== "user") messages.push({ role: "user", content: [goOn] });
  return messages;
}

const said = (text: string): UserBlock => ({
  type: "text",
  text: `[Opsthread, not a person:] ${text}`,
});
const beginning = said("What came before this is not shown.");
const goOn = said("Go on.");
