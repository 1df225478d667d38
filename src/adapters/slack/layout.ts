import type { Post } from "../../core/post.ts";
import { usageLine } from "../text/usage-line.ts";
import { approvalButtons } from "./press.ts";
import { sectionsOf } from "./sections.ts";

/** One message, as chat.postMessage takes it. */
export interface SlackMessage {
  /** For notifications, and where blocks are not shown. */
  readonly text: string;
  readonly blocks: readonly object[];
}

/** A post as messages. What is too long for a few of them goes along as a file, whole. */
export interface Layout {
  readonly messages: readonly SlackMessage[];
  readonly whole?: { readonly name: string; readonly text: string };
}

export function layOut(post: Post, notes: readonly string[] = []): Layout {
  const sections = sectionsOf(post.markdown);
  const pages = paged(sections.length > 0 ? sections : [emptyText]);
  const [beginning = []] = pages;
  const isLong = pages.length > maxMessages;
  const shown = isLong ? [beginning] : pages;
  const below = [
    ...(isLong ? [`The beginning of a long answer. All of it is in ${wholeName}.`] : []),
    ...notes,
    ...(post.usage ? [usageLine(post.usage)] : []),
  ];
  const messages = shown.map((page, index) => ({
    text: page[0] ?? emptyText,
    blocks: [
      ...page.map(section),
      ...(index === shown.length - 1 && below.length > 0 ? [context(below)] : []),
      ...(index === shown.length - 1 && post.approval ? [approvalButtons(post.approval)] : []),
    ],
  }));
  return { messages, ...(isLong && { whole: { name: wholeName, text: post.markdown } }) };
}

const wholeName = "answer.md";
const emptyText = "📎";
const maxMessages = 3;
/** Of all blocks together Slack takes some 12,000 characters, and does not say how many. */
const maxPage = 9000;

function paged(sections: readonly string[]): readonly (readonly string[])[] {
  const pages: string[][] = [];
  let room = 0;
  for (const text of sections) {
    if (text.length > room || (pages.at(-1)?.length ?? 0) >= maxSections) {
      pages.push([]);
      room = maxPage;
    }
    pages.at(-1)?.push(text);
    room -= text.length;
  }
  return pages;
}

/** Of the 50 blocks, some are for what stands below. */
const maxSections = 40;

/** `verbatim`: names and addresses in it are not made into links, let alone calls. */
function section(text: string): object {
  return { type: "section", expand: true, text: { type: "mrkdwn", text, verbatim: true } };
}

function context(lines: readonly string[]): object {
  const text = lines.join("\n").slice(0, 2000);
  return { type: "context", elements: [{ type: "plain_text", text }] };
}
