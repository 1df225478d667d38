import type { Hunk } from "./v4a-parse.ts";

/** Where a hunk's lines are in a file. */
export interface Place {
  readonly start: number;
  /** Whether they match only when spaces at the ends of lines are not counted. */
  readonly isLoose: boolean;
}

/** The hunk's lines as the file should have them. */
export const expectedOf = ({ lines }: Hunk): readonly string[] =>
  lines.filter(({ type }) => type !== "add").map(({ text }) => text);

/**
 * Finds a hunk at or after `from`: behind its anchors, word for word if it can be, else without the spaces at the end of
 * lines, else without those at both ends. The order of tries, and what is done without an anchor, is that of OpenAI's own
 * applier, so that a diff means the same here. Undefined when it is nowhere.
 */
export function locate(
  lines: readonly string[],
  hunk: Hunk,
  from: number,
): Place | { readonly missing: string; readonly from: number } | undefined {
  let start = from;
  for (const [index, anchor] of hunk.anchors.entries()) {
    const found = behindAnchor(lines, anchor, { from: start, isFirst: index === 0 });
    // One that is not there is only a hint; of several each has to be there.
    if (found === undefined && hunk.anchors.length > 1) return { missing: anchor, from: start };
    start = found ?? start;
  }
  const expected = expectedOf(hunk);
  if (!hunk.isAtEnd) return find(lines, expected, start);
  // After the last line break there is nothing, which is not a line.
  const whole = lines.length > 1 && lines.at(-1) === "" ? lines.slice(0, -1) : lines;
  const end = Math.max(start, whole.length - expected.length);
  return find(whole, expected, end) ?? find(whole, expected, start);
}

/** One that stands before the place already is no reason to go on to another. */
function behindAnchor(
  lines: readonly string[],
  anchor: string,
  { from, isFirst }: { readonly from: number; readonly isFirst: boolean },
): number | undefined {
  for (const view of [asIs, trimmed]) {
    const isAnchor = (line: string): boolean => view(line) === view(anchor);
    if (isFirst && lines.slice(0, from).some(isAnchor)) return from;
    const index = lines.findIndex((line, at) => at >= from && isAnchor(line));
    if (index !== -1) return index + 1;
  }
  return undefined;
}

type View = (line: string) => string;
const asIs: View = (line) => line;
const trimmed: View = (line) => line.trim();
export const views: readonly View[] = [asIs, (line) => line.trimEnd(), trimmed];

function find(
  lines: readonly string[],
  expected: readonly string[],
  from: number,
): Place | undefined {
  if (expected.length === 0) return { start: Math.min(from, lines.length), isLoose: false };
  for (const [index, view] of views.entries()) {
    const seen = expected.map(view);
    for (let start = from; start + seen.length <= lines.length; start += 1) {
      if (seen.every((text, at) => view(lines[start + at] ?? "") === text))
        return { start, isLoose: index > 0 };
    }
  }
  return undefined;
}
