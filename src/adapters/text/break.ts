import { ranks } from "./lines.ts";
import type { Line, Rank } from "./lines.ts";
import { markSpans } from "./spans.ts";

/**
 * Where to end a piece of `text` that begins at `start` and can't reach beyond `limit`: the last of the best breaks
 * that leave the piece at least a quarter full, else the farthest other one, else a hard break.
 * `lines` are the lines from `start` to beyond `limit`. The result is in `(start, limit]`.
 */
export function chooseBreak(
  text: string,
  lines: readonly Line[],
  range: { readonly start: number; readonly limit: number },
): number {
  const { start, limit } = range;
  const isProtected = protectedPlaces(text, lines, range);
  const last = lastBreaks(text, lines, { ...range, isProtected });
  const quarter = start + (limit - start) / 4;
  for (const rank of ranks) {
    const at = last.get(rank);
    if (at !== undefined && at >= quarter) return at;
  }
  const soft = ranks.filter((rank) => rank !== "poor").flatMap((rank) => last.get(rank) ?? []);
  if (soft.length > 0) return Math.max(...soft);
  let hard = limit;
  while (hard > start && isProtected(hard)) hard -= 1;
  return graphemeBreak(text, start, hard > start ? hard : limit);
}

/** The last unprotected place of each rank in the range. */
function lastBreaks(
  text: string,
  lines: readonly Line[],
  range: {
    readonly start: number;
    readonly limit: number;
    readonly isProtected: (at: number) => boolean;
  },
): ReadonlyMap<Rank, number> {
  const { start, limit, isProtected } = range;
  const last = new Map<Rank, number>();
  const offer = (rank: Rank, at: number): void => {
    if (at > start && at <= limit && !isProtected(at)) last.set(rank, at);
  };
  for (const line of lines) {
    if (line.start > limit) break;
    offer(line.rank, line.start);
    let seenText = false;
    for (let at = line.start + 1; at <= Math.min(line.end - 1, limit); at += 1) {
      const beforeIsSpace = isSpace(text, at - 1);
      seenText ||= !beforeIsSpace;
      if (!seenText || isSpace(text, at) || startsFence(text, at)) continue;
      if (cjkStops.includes(text[at - 1] ?? "")) offer(sentenceIn(line), at);
      if (beforeIsSpace) offer(endsSentence(text, at - 1) ? sentenceIn(line) : "word", at);
    }
  }
  return last;
}

/** Places inside of inline code, links and table rows. */
function protectedPlaces(
  text: string,
  lines: readonly Line[],
  { start, limit }: { readonly start: number; readonly limit: number },
): (at: number) => boolean {
  // Counted as steps up and down, summed up at the end: spans may nest, and marking stays linear.
  const reach = 2 * limit - start;
  const steps = new Int32Array(reach - start + 2);
  const mark = (from: number, to: number): void => {
    const low = from + 1 - start;
    const high = Math.min(to, reach + 1) - start;
    if (low >= high) return;
    steps[low] = (steps[low] ?? 0) + 1;
    steps[high] = (steps[high] ?? 0) - 1;
  };
  for (const group of textGroups(lines)) {
    markSpans(text, { start: group.start, end: Math.min(group.end, reach) }, mark);
  }
  for (const line of lines) {
    if (line.kind === "text" && isTableRow(text, line)) mark(line.start, line.end);
  }
  for (let index = 1; index < steps.length; index += 1) {
    steps[index] = (steps[index] ?? 0) + (steps[index - 1] ?? 0);
  }
  return (at) => (steps[at - start] ?? 0) > 0;
}

/** Runs of lines that inline markup can span: paragraphs, list items, table rows. */
function textGroups(
  lines: readonly Line[],
): readonly { readonly start: number; readonly end: number }[] {
  const groups: { start: number; end: number }[] = [];
  let previous: Line | undefined;
  for (const line of lines) {
    const joins =
      previous?.kind === "text" && (line.rank === "line" || line.rank === "poor") && groups.at(-1);
    if (line.kind === "text" && joins) joins.end = line.end;
    else if (line.kind === "text") groups.push({ start: line.start, end: line.end });
    previous = line;
  }
  return groups;
}

/** The last grapheme boundary in `(start, limit]`, or a code point boundary where a single grapheme fills it all. */
function graphemeBreak(text: string, start: number, limit: number): number {
  const from = codePointBoundary(text, Math.max(start, limit - graphemeContext));
  // What follows the limit decides whether the grapheme before it goes on.
  const around = text.slice(from, codePointBoundary(text, limit + 2));
  const containing = new Intl.Segmenter(undefined, { granularity: "grapheme" })
    .segment(around)
    .containing(limit - from);
  const at = from + (containing?.index ?? limit - from);
  if (at > start && at > from) return at;
  const boundary = codePointBoundary(text, limit);
  return boundary > start ? boundary : limit + 1;
}

/** `at`, or the place before it when it lies within a surrogate pair. */
export function codePointBoundary(text: string, at: number): number {
  const within =
    (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
  return within ? at - 1 : at;
}

/** Code has words but no sentences. */
function sentenceIn(line: Line): Rank {
  return line.kind === "text" ? "sentence" : "word";
}

function endsSentence(text: string, space: number): boolean {
  let at = space;
  while (at > 0 && space - at < 4 && (isSpace(text, at) || closers.includes(text[at] ?? "")))
    at -= 1;
  return stops.includes(text[at] ?? "");
}

/** Fence markers belong to where they are: cut off and alone on a line they would open or close something. */
function startsFence(text: string, at: number): boolean {
  return text.startsWith("```", at) || text.startsWith("~~~", at);
}

function isTableRow(text: string, line: Line): boolean {
  return /^\s*\|/.test(text.slice(line.start, Math.min(line.end, line.start + 256)));
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || (code >= 9 && code <= 13);
}

const graphemeContext = 256;
const stops = [".", "!", "?", "…", ":", ";"];
const closers = ['"', "'", ")", "]", "*", "_", "”", "’"];
const cjkStops = ["。", "！", "？", "；"];
