import { chooseBreak, codePointBoundary } from "./break.ts";
import { scanLine } from "./fence.ts";
import type { Fence, FenceState } from "./fence.ts";
import { linesFrom, positionAt, startOfText } from "./lines.ts";
import type { Position } from "./lines.ts";

/** One part of a split text. */
export interface MarkdownPiece {
  /** What to send: `source`, with a code fence that was cut reopened before and closed after it. */
  readonly text: string;
  /** The slice of the input that this piece stands for. */
  readonly source: string;
}

export interface SplitOptions {
  /** What the platform takes in one message, at least 32. */
  readonly maxLength: number;
  /**
   * How the platform counts; UTF-16 code units by default. A longer text must not count less, and one character
   * at most 6.
   */
  readonly measure?: (text: string) => number;
}

/**
 * Splits Markdown into pieces that a platform takes. Nothing is lost: the pieces' `source`s put together are the
 * input. No piece is longer than `maxLength`, and in each the code fences are balanced.
 * It breaks between paragraphs where it can, else between list items, lines, sentences or words, and keeps links,
 * inline code, table rows and graphemes whole unless one alone is too long. A piece may be blank.
 *
 * @example
 * for (const { text } of splitMarkdown(answer, { maxLength: 2000 })) await channel.send(text);
 */
export function splitMarkdown(
  text: string,
  { maxLength, measure = (part) => part.length }: SplitOptions,
): readonly MarkdownPiece[] {
  if (!Number.isInteger(maxLength) || maxLength < 32) {
    throw new RangeError(`Cannot split text: maxLength is ${maxLength}, expected 32 or more`);
  }
  const pieces: MarkdownPiece[] = [];
  let position = startOfText;
  while (position.index < text.length) {
    const taken = takePiece(text, position, { maxLength, measure });
    pieces.push(taken.piece);
    position = taken.next;
  }
  return pieces;
}

function takePiece(
  text: string,
  from: Position,
  options: Required<SplitOptions>,
): { readonly piece: MarkdownPiece; readonly next: Position } {
  const { maxLength, measure } = options;
  const { opening, state } = reopen(from, options);
  const start = from.index;
  let limit = furthest(text, start, maxLength - measure(opening), measure);
  const lines = linesFrom(text, from, 2 * limit - start);
  for (;;) {
    const end = limit === text.length ? limit : chooseBreak(text, lines, { start, limit });
    const source = text.slice(start, end);
    const piece = opening + source + closingOf(source, state, from.within !== undefined);
    const over = measure(piece) - maxLength;
    if (over <= 0 || end === nextCodePoint(text, start)) {
      return { piece: { text: piece, source }, next: positionAt(text, lines, end) };
    }
    // The closing fence did not fit. At least halving keeps the number of tries small.
    const size = measure(source);
    limit = furthest(text, start, Math.min(size - 1, Math.max(size - over, size / 2)), measure);
  }
}

/** What a piece that begins inside of a fence starts with, and the state that this leaves. */
function reopen(
  { state, within }: Position,
  { maxLength, measure }: Required<SplitOptions>,
): { readonly opening: string; readonly state: FenceState } {
  const { fence } = state;
  if (fence === undefined) return { opening: "", state };
  // Where there is no room for it all, what helps least goes first; at the end a bare fence always fits.
  const bare = { prefix: "", info: "", marker: fence.marker.slice(0, 3) };
  for (const candidate of [fence, { ...fence, info: "" }]) {
    const opening = openingOf(candidate, within !== undefined);
    if (measure(opening + lineOf(candidate)) <= maxLength / 2) {
      return { opening, state: { ...state, fence: candidate } };
    }
  }
  return { opening: openingOf(bare, false), state: { containers: [], fence: bare } };
}

function openingOf(fence: Fence, withinLine: boolean): string {
  return `${fence.prefix}${fence.marker}${fence.info}\n${withinLine ? fence.prefix : ""}`;
}

/** The fence line that must follow `source`; empty where all its fences are closed. */
function closingOf(source: string, before: FenceState, withinLine: boolean): string {
  let state = before;
  let isRest = withinLine;
  for (const line of source.replace(/(?:\r\n|\n|\r)$/, "").split(/\r\n|\n|\r/)) {
    // The rest of a line counts as inside of the containers that the line was in.
    const lead = isRest ? before.containers.map((c) => (c === "quote" ? "> " : " ".repeat(c))) : [];
    state = scanLine(lead.join("") + line, state).after;
    isRest = false;
  }
  if (state.fence === undefined) return "";
  return `${/[\r\n]$/.test(source) ? "" : "\n"}${lineOf(state.fence)}`;
}

function lineOf({ prefix, marker }: Fence): string {
  return prefix + marker;
}

/** The largest index that keeps `text[start, index)` within `budget`, but at least one code point further. */
function furthest(
  text: string,
  start: number,
  budget: number,
  measure: (text: string) => number,
): number {
  const fits = (end: number): boolean => measure(text.slice(start, end)) <= budget;
  let low = start;
  let high = Math.min(text.length, start + Math.max(1, Math.ceil(budget)));
  while (high < text.length && fits(high)) {
    low = high;
    high = Math.min(text.length, start + 2 * (high - start));
  }
  if (fits(high)) return high;
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return Math.max(codePointBoundary(text, low), nextCodePoint(text, start));
}

function nextCodePoint(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}
