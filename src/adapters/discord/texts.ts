import { renderMarkdown } from "../text/markdown.ts";
import { splitMarkdown } from "../text/split.ts";
import { discordMarkdown } from "./markdown.ts";

/** What Discord takes as one text: https://discord.com/developers/docs/resources/message#create-message */
export const maxText = 2000;

/** Markdown as texts, in their order; none is longer than Discord takes, and nothing is lost. */
export function textsOf(markdown: string, maxLength = maxText - 100): readonly string[] {
  return splitMarkdown(Buffer.from(markdown).toString(), { maxLength })
    .flatMap(({ text }) => {
      const rendered = renderMarkdown(text, discordMarkdown);
      if (rendered.length <= maxText) return [rendered];
      // What is escaped grows, and so do tables that are drawn. A line of text never is that long.
      return textsOf(text, Math.max(smallest, Math.floor(maxLength / 2)));
    })
    .filter((text) => text.trim() !== "");
}

const smallest = 32;
