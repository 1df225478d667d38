import { visibleLabel } from "../text/control.ts";
import { noFence, scanLine } from "../text/fence.ts";
import { sectionsOf } from "./sections.ts";

/** A block of a message, and how many of its characters Slack counts. */
export interface SlackBlock {
  readonly block: object;
  /** What it says, where blocks are not shown. */
  readonly text: string;
}

/** Markdown as blocks: big headings and rules are Slack's own, everything else is text in sections. */
export function blocksOf(markdown: string): readonly SlackBlock[] {
  return partsOf(Buffer.from(markdown).toString()).flatMap((part): readonly SlackBlock[] => {
    switch (part.type) {
      case "header":
        return [header(part.text)];
      case "divider":
        return [{ block: { type: "divider" }, text: "" }];
      case "text":
        return sectionsOf(part.text).map(section);
    }
  });
}

/** `verbatim`: names and addresses in it are not made into links, let alone calls. */
export function section(text: string): SlackBlock {
  const block = { type: "section", expand: true, text: { type: "mrkdwn", text, verbatim: true } };
  return { block, text };
}

export function context(lines: readonly string[]): SlackBlock {
  const text = lines.join("\n").slice(0, maxContext);
  return { block: { type: "context", elements: [{ type: "plain_text", text }] }, text };
}

const maxContext = 2000;

function header(text: string): SlackBlock {
  return { block: { type: "header", text: { type: "plain_text", text, emoji: false } }, text };
}

type Part =
  | { readonly type: "header" | "text"; readonly text: string }
  | { readonly type: "divider" };

/** Cuts at headings and rules that stand outside of quotes, lists and code. */
function partsOf(markdown: string): readonly Part[] {
  const parts: Part[] = [];
  let lines: string[] = [];
  let state = noFence;
  const flush = (): void => {
    if (lines.some((line) => line.trim() !== ""))
      parts.push({ type: "text", text: lines.join("\n") });
    lines = [];
  };
  for (const line of markdown.split("\n")) {
    const { kind, after } = scanLine(line, state);
    // A line below text belongs to it: dashes there make it a heading.
    const isApart =
      kind === "text" && after.containers.length === 0 && (lines.at(-1) ?? "").trim() === "";
    const cut = isApart ? cutAt(line) : undefined;
    state = after;
    if (!cut) {
      lines.push(line);
      continue;
    }
    flush();
    parts.push(cut);
  }
  flush();
  return parts;
}

function cutAt(line: string): Part | undefined {
  if (rule.test(line)) return { type: "divider" };
  const title = bigHeading.exec(line)?.[1]?.trim() ?? "";
  // A header is plain text, and short.
  if (title === "" || marked.test(title)) return undefined;
  const text = visibleLabel(title);
  return text.length <= maxHeader ? { type: "header", text } : undefined;
}

const maxHeader = 150;
const bigHeading = /^#{1,2}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/;
const rule = /^(?:-{3,}|\*{3,}|_{3,})[ \t]*$/;
/** What may mean more than itself: marks, links, code, escapes, character references. */
const marked = /[*_~`[\]<>&\\]/;
