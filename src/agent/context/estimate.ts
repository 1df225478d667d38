import type { Item } from "../model.ts";

/** An estimate that needs no tokenizer: four bytes a token. What the provider counts corrects it, see window.ts. */
export const tokensOf = (text: string): number =>
  Math.ceil(Buffer.byteLength(text) / bytesPerToken) + 4;

export const bytesPerToken = 4;

/** Tokens that the model reads of an item. */
export function estimate(item: Item): number {
  switch (item.type) {
    case "user":
      return item.files.reduce((sum, file) => sum + tokensOf(file), tokensOf(item.text));
    case "assistant":
      return item.response.toolCalls.reduce(
        (sum, call) => sum + tokensOf(call.args) + tokensOf(call.tool),
        tokensOf(item.response.text),
      );
    case "tool-result":
      return tokensOf(item.result.output);
    case "note":
      return tokensOf(item.text);
  }
}
