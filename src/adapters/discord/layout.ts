import type { ApprovalCard, Post } from "../../core/post.ts";
import { usageLine } from "../text/usage-line.ts";
import { approvalButtons } from "./buttons.ts";
import { escaped } from "./markdown.ts";
import { textsOf } from "./texts.ts";

/** What a message shows, before files: https://discord.com/developers/docs/components/reference */
export type Shown = readonly object[];

/** A post as messages. What is too long for a few of them goes along as a file, whole. */
export interface Layout {
  readonly messages: readonly Shown[];
  readonly whole?: { readonly name: string; readonly text: string };
}

export function layOut(post: Post, notes: readonly string[] = []): Layout {
  const texts = textsOf(post.markdown);
  const below = [...notes, ...(post.usage ? [usageLine(post.usage)] : [])];
  const isLong = paged(texts, small(below).length).length > maxMessages;
  const footer = small([
    ...(isLong ? [`The beginning of a long answer. All of it is in ${wholeName}.`] : []),
    ...below,
  ]);
  const pages = paged(isLong ? texts.slice(0, 1) : texts, footer.length);
  const messages = pages.map((page, index) => {
    const isLast = index === pages.length - 1;
    const parts = [...page.map(text), ...(isLast && footer !== "" ? [text(footer)] : [])];
    return framed(post, [...parts, ...(isLast && post.approval ? buttons(post.approval) : [])]);
  });
  return { messages, ...(isLong && { whole: { name: wholeName, text: post.markdown } }) };
}

const wholeName = "answer.md";
const emptyText = "📎";
const maxMessages = 3;
/** All texts of a message together may have 4,000 characters. */
const maxTogether = 4000;

/** Pairs of texts; the footer must find room in the last one. */
function paged(texts: readonly string[], footer: number): readonly (readonly string[])[] {
  const pages: string[][] = [];
  let room = 0;
  for (const each of texts.length > 0 ? texts : [emptyText]) {
    if (each.length > room) {
      pages.push([]);
      room = maxTogether - footer;
    }
    pages.at(-1)?.push(each);
    room -= each.length;
  }
  return pages;
}

export const text = (content: string): object => ({ type: 10, content });
const buttons = (card: ApprovalCard): readonly object[] => [approvalButtons(card)];

/** Lines in small print, together no longer than what is left of a message. */
function small(lines: readonly string[]): string {
  return lines
    .map((line) => `-# ${escaped(line)}`)
    .join("\n")
    .slice(0, 1500);
}

/** What is more than talk stands in a frame, with a colour at its side. */
function framed({ kind }: Post, components: readonly object[]): Shown {
  const accent_color = accents[kind];
  return accent_color === undefined ? components : [{ type: 17, accent_color, components }];
}

const accents: Readonly<Record<Post["kind"], number | undefined>> = {
  answer: undefined,
  question: 0x58_65_f2,
  approval: 0xf0_b2_32,
  notice: 0x80_84_8e,
};
