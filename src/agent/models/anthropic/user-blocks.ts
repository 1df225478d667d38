import type { Anthropic } from "@anthropic-ai/sdk";

import type { Item } from "../../model.ts";

/** What a person wrote, or the harness says. */
export function textBlock(
  item: Extract<Item, { type: "user" | "note" }>,
): Anthropic.TextBlockParam {
  if (item.type === "note")
    return { type: "text", text: `[Opsthread, not a person:] ${item.text}` };
  const { actor, text, files } = item;
  return {
    type: "text",
    text: [
      `${actor.replaceAll(/\s+/g, " ").trim()} writes:`,
      ...(text.trim() === "" ? [] : [text]),
      ...(files.length > 0
        ? ["Files that came with it:", ...files.map((file) => `- ${file}`)]
        : []),
    ].join("\n"),
  };
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls */
export function resultBlock(
  { result }: Extract<Item, { type: "tool-result" }>,
  id: string,
): Anthropic.ToolResultBlockParam {
  return {
    type: "tool_result",
    tool_use_id: id,
    // A block without a visible character would be refused.
    content: result.output.trim() === "" ? "(no output)" : result.output,
    ...(result.status !== "ok" && { is_error: true }),
  };
}

/** A call of which nothing more is known; without a result the whole conversation would be refused. */
export const missingResult = (id: string): Anthropic.ToolResultBlockParam => ({
  type: "tool_result",
  tool_use_id: id,
  content: "There is no result of this call.",
  is_error: true,
});

/** A result whose call the model does not know from this conversation. */
export const strayResult = ({
  call,
  result,
}: Extract<Item, { type: "tool-result" }>): Anthropic.TextBlockParam => ({
  type: "text",
  text: `[Opsthread, not a person:] The tool ${call.tool} gave:\n${result.output}`,
});
