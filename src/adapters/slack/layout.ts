import type { Post } from "../../core/post.ts";
import { usageLine } from "../text/usage-line.ts";
import { approvalBlocks } from "./approval-blocks.ts";
import { blocksOf, context, section, type SlackBlock } from "./blocks.ts";
import { noticeBlocks } from "./notice-blocks.ts";
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
  const blocks = blocksFor(post);
  const pages = paged(blocks.length > 0 ? blocks : [section(emptyText)]);
  const [beginning = []] = pages;
  const isLong = pages.length > maxMessages;
  const shown = isLong ? [beginning] : pages;
  const below = [
    ...(isLong ? [`The beginning of a long answer. All of it is in ${wholeName}.`] : []),
    ...notes,
    ...(post.usage ? [usageLine(post.usage)] : []),
  ];
  const messages = shown.map((page, index) => ({
    text: textFor(post, page),
    blocks: [
      ...page.map(({ block }) => block),
      ...(index === shown.length - 1 && below.length > 0 ? [context(below).block] : []),
    ],
  }));
  return { messages, ...(isLong && { whole: { name: wholeName, text: post.markdown } }) };
}

function blocksFor({ approval, notice, markdown }: Post): readonly SlackBlock[] {
  if (approval) return approvalBlocks(approval);
  return notice ? noticeBlocks(notice) : blocksOf(markdown);
}

/** What a notification says: of what went wrong also why. */
function textFor({ notice, markdown }: Post, page: readonly SlackBlock[]): string {
  const said = notice ? sectionsOf(markdown)[0] : page.find(({ text }) => text !== "")?.text;
  return said ?? emptyText;
}

const wholeName = "answer.md";
const emptyText = "📎";
const maxMessages = 3;
/** Of all blocks together Slack takes some 12,000 characters, and does not say how many. */
const maxPage = 9000;

function paged(blocks: readonly SlackBlock[]): readonly (readonly SlackBlock[])[] {
  const pages: SlackBlock[][] = [];
  let room = 0;
  for (const each of blocks) {
    if (each.text.length > room || (pages.at(-1)?.length ?? 0) >= maxBlocks) {
      pages.push([]);
      room = maxPage;
    }
    pages.at(-1)?.push(each);
    room -= each.text.length;
  }
  return pages;
}

/** Of the 50 blocks, some are for what stands below. */
const maxBlocks = 40;
