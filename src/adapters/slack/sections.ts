import { renderMarkdown } from "../text/markdown.ts";
import { splitMarkdown } from "../text/split.ts";
import { mrkdwn } from "./mrkdwn.ts";

/** What Slack takes as the text of one section. */
export const maxSection = 3000;

/** Markdown as texts of sections, in their order; none is longer than Slack takes, and nothing is lost. */
export function sectionsOf(markdown: string, maxLength = maxSection - 100): readonly string[] {
  return splitMarkdown(Buffer.from(markdown).toString(), { maxLength, measure })
    .flatMap(({ text }) => {
      const rendered = renderMarkdown(text, mrkdwn);
      if (rendered.length <= maxSection) return [rendered];
      // Tables grow when they are drawn. A line of text never is that long.
      return sectionsOf(text, Math.max(smallest, Math.floor(maxLength / 2)));
    })
    .filter((text) => text.trim() !== "");
}

const smallest = 32;

/** What is escaped grows. */
function measure(text: string): number {
  let length = text.length;
  for (const char of text) length += char === "&" ? 4 : char === "<" || char === ">" ? 3 : 0;
  return length;
}
