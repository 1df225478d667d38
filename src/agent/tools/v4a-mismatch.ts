import { expectedOf, locate } from "./v4a-locate.ts";
import type { Hunk } from "./v4a-parse.ts";

/** Says why a hunk has no place in the file, with what the file has there: enough to write a better one. */
export function mismatchText(
  lines: readonly string[],
  hunk: Hunk,
  { number, from }: { readonly number: number; readonly from: number },
): string {
  const expected = expectedOf(hunk);
  const earlier = locate(lines, { ...hunk, anchors: [] }, 0);
  if (earlier && "start" in earlier && earlier.start < from)
    return `Hunk ${number} stands at line ${earlier.start + 1}, before the hunk above it: hunks have to be in the order of the file`;
  const near = nearest(lines, expected, from);
  if (!near) {
    const whole = `${expected.length} line${expected.length === 1 ? "" : "s"}`;
    return `Hunk ${number} does not match: none of its ${whole} is in the file${from === 0 ? "" : ` after line ${from}`}. There it has:\n${excerpt(lines, from)}`;
  }
  const at = near.start + near.matched;
  const isAtEnd = at >= lines.length;
  return [
    `Hunk ${number} does not match. Its first ${near.matched} of ${expected.length} lines are at line ${near.start + 1} of the file; then it expects`,
    quoted(expected[near.matched] ?? ""),
    isAtEnd ? "but the file ends there." : `but line ${at + 1} is`,
    ...(isAtEnd ? [] : [quoted(lines[at] ?? "")]),
    `The file has:\n${excerpt(lines, near.start)}`,
  ].join("\n");
}

/** Where most of the first lines match, not counting spaces. A blank line alone says nothing. */
function nearest(
  lines: readonly string[],
  expected: readonly string[],
  from: number,
): { readonly start: number; readonly matched: number } | undefined {
  let best: { start: number; matched: number } | undefined;
  for (let start = from; start < lines.length; start += 1) {
    let matched = 0;
    let isTelling = false;
    while (matched < expected.length && start + matched < lines.length) {
      const text = expected[matched]?.trim();
      if (text !== lines[start + matched]?.trim()) break;
      isTelling ||= text !== "";
      matched += 1;
    }
    if (isTelling && matched > (best?.matched ?? 0)) best = { start, matched };
  }
  return best;
}

function excerpt(lines: readonly string[], from: number): string {
  const start = Math.max(0, Math.min(from, lines.length - 1));
  return lines
    .slice(start, start + excerptLines)
    .map((line, index) => `${start + index + 1}\t${line.slice(0, 200)}`)
    .join("\n");
}

const excerptLines = 12;

const quoted = (line: string): string => `  ${line.slice(0, 200)}`;
