import type { Item } from "../model.ts";

/** A part of the conversation as a text to be read again, as the model saw it. */
export function archiveText(items: readonly Item[]): string {
  return items.map(textOf).join("\n\n");
}

function textOf(item: Item): string {
  switch (item.type) {
    case "user":
      return [`## ${item.actor} said`, item.text, ...item.files.map((file) => `- ${file}`)].join(
        "\n",
      );
    case "note":
      return `## Note\n${item.text}`;
    case "assistant": {
      const { text, toolCalls } = item.response;
      const calls = toolCalls.map(({ tool, args }) => `Calls ${tool} ${args}`);
      return ["## You said", ...(text === "" ? [] : [text]), ...calls].join("\n");
    }
    case "tool-result":
      return `## ${item.call.tool} gave (${item.result.status})\n${item.result.output}`;
  }
}
