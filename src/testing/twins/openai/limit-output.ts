import type { OutputItem } from "./items.ts";
import { textOf, tokensOf } from "./tokens.ts";

/** What fits into `max_output_tokens`. The item that goes over it is cut and incomplete; what would follow never comes. */
export function limitOutput(
  items: readonly OutputItem[],
  {
    maxTokens,
    costOf,
  }: { readonly maxTokens: number; readonly costOf: (item: OutputItem) => number },
): { readonly items: readonly OutputItem[]; readonly isCut: boolean } {
  let left = maxTokens;
  for (const [index, item] of items.entries()) {
    const cost = costOf(item);
    if (cost > left) {
      const whole = items.slice(0, index);
      const cut = shortened(item, left * 4);
      return { items: cut === undefined ? whole : [...whole, cut], isCut: true };
    }
    left -= cost;
  }
  return { items, isCut: false };
}

/** Marks the last item as one that the model did not finish. */
export function endIncomplete(items: readonly OutputItem[]): readonly OutputItem[] {
  const last = items.at(-1);
  if (last === undefined) return items;
  const cut = shortened(last, Number.POSITIVE_INFINITY);
  return cut === undefined ? items : [...items.slice(0, -1), cut];
}

export function outputTokensOf(item: OutputItem): number {
  return tokensOf(textOf(item));
}

function shortened(item: OutputItem, length: number): OutputItem | undefined {
  const status = "incomplete" as const;
  if (item.type === "function_call") {
    return { ...item, status, arguments: item.arguments.slice(0, length) };
  }
  if (item.type !== "message" || item.role !== "assistant" || typeof item.content === "string") {
    return undefined;
  }
  const content = item.content.map((part) =>
    part.type === "output_text" ? { ...part, text: part.text.slice(0, length) } : part,
  );
  return { ...item, status, content };
}
