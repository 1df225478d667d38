import { noFence, scanLine } from "./fence.ts";
import type { FenceState, ScannedLine } from "./fence.ts";

/** A place in a Markdown text, with what must be known of the text before it. */
export interface Position {
  readonly index: number;
  /** The quotes, list items and the code fence that are open here. */
  readonly state: FenceState;
  /** Present within a line: where the next one begins, and the state there. */
  readonly within?: { readonly next: number; readonly after: FenceState };
}

/** How good a place is for a break, best first. */
export const ranks = ["paragraph", "block", "line", "code", "sentence", "word", "poor"] as const;
export type Rank = (typeof ranks)[number];

/** A line of the text, or the rest of one. `end` excludes the terminator, `next` is after it. */
export interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
  readonly kind: ScannedLine["kind"];
  readonly before: FenceState;
  readonly after: FenceState;
  /** How good a break before this line is. */
  readonly rank: Rank;
}

export const startOfText: Position = { index: 0, state: noFence };

/** The lines from `from` on, as far as they begin before `until`. */
export function linesFrom(text: string, from: Position, until: number): readonly Line[] {
  const lines: Line[] = [];
  let { index, state } = from;
  let afterHeading = false;
  if (from.within) {
    const { next, after } = from.within;
    const end = withoutTerminator(text, index, next);
    const kind = state.fence ? "code" : "text";
    lines.push({ start: index, end, next, kind, before: state, after, rank: "poor" });
    index = next;
    state = after;
  }
  while (index < Math.min(until, text.length)) {
    const next = nextLine(text, index);
    const end = withoutTerminator(text, index, next);
    const content = text.slice(index, end);
    const { kind, after } = scanLine(content, state);
    const blank = content.trim() === "";
    const rank = afterHeading
      ? "poor"
      : rankBefore(content, { kind, blank, previous: lines.at(-1), text });
    lines.push({ start: index, end, next, kind, before: state, after, rank });
    if (!blank) afterHeading = kind === "text" && heading.test(content);
    index = next;
    state = after;
  }
  return lines;
}

/** The position at `index`, which must lie in or at the end of one of `lines`. */
export function positionAt(text: string, lines: readonly Line[], index: number): Position {
  const line = lines.find(({ next }) => index <= next);
  if (line === undefined) throw new RangeError(`No line holds the index ${index}`);
  if (index === line.next) return { index, state: line.after };
  return {
    index,
    state: stateWithin(text, line, index),
    within: { next: line.next, after: line.after },
  };
}

function stateWithin(text: string, line: Line, index: number): FenceState {
  if (line.kind === "text") return line.after;
  if (line.kind === "code") return line.before;
  // Within a fence's own line, what counts is what the part before the index does already.
  return scanLine(text.slice(line.start, index), line.before).after;
}

function nextLine(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10) return at + 1;
    if (code === 13) return text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1;
  }
  return text.length;
}

function withoutTerminator(text: string, start: number, next: number): number {
  let end = next;
  if (end > start && text[end - 1] === "\n") end -= 1;
  if (end > start && text[end - 1] === "\r") end -= 1;
  return end;
}

function rankBefore(
  content: string,
  line: {
    readonly kind: Line["kind"];
    readonly blank: boolean;
    readonly previous: Line | undefined;
    readonly text: string;
  },
): Rank {
  const { kind, blank, previous, text } = line;
  // A break right inside of a fence's marker lines leaves an empty code block behind.
  if (kind === "close" || previous?.kind === "open") return "poor";
  if (kind === "code") return "code";
  const afterBlank =
    previous?.kind === "text" && text.slice(previous.start, previous.end).trim() === "";
  if (blank || afterBlank) return "paragraph";
  if (kind === "open" || previous?.kind === "close") return "block";
  if (underline.test(content)) return "poor";
  return blockStart.test(content) ? "block" : "line";
}

const heading = /^ {0,3}#{1,6}(?:\s|$)/;
const blockStart = /^\s*(?:#{1,6}\s|>|[-+*]\s|\d{1,9}[.)]\s)/;
/** The delimiter row of a table, or the line that makes a heading of the line above. */
const underline = /^[\s|:=-]+$/;
