import { section } from "./blocks.ts";
import { maxSection } from "./sections.ts";

/** Words of the adapter's own, in Slack's markup: as blocks too, unless they are too long for those. */
export function spoken(text: string): {
  readonly text: string;
  readonly blocks?: readonly object[];
} {
  const parts: string[] = [];
  for (const line of text.split("\n")) {
    const last = parts.at(-1);
    if (last !== undefined && last.length + line.length < maxSection)
      parts[parts.length - 1] = `${last}\n${line}`;
    else parts.push(line);
  }
  const shown = parts.filter((part) => part.trim() !== "");
  const fits = shown.length <= maxParts && shown.every((part) => part.length <= maxSection);
  return fits ? { text, blocks: shown.map((part) => section(part).block) } : { text };
}

/** Of all blocks together Slack takes some 12,000 characters. */
const maxParts = 3;
