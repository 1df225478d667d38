import { locate } from "./v4a-locate.ts";
import { mismatchText } from "./v4a-mismatch.ts";
import { type Hunk, parseV4a } from "./v4a-parse.ts";

export type Applied =
  | {
      readonly ok: true;
      readonly text: string;
      readonly added: number;
      readonly deleted: number;
      /** Numbers of the hunks that matched only when spaces at the ends of lines were not counted. */
      readonly loose: readonly number[];
    }
  | { readonly ok: false; readonly problem: string };

/**
 * Applies a V4A diff to the text of a file: all of its hunks, or none. Lines that stay keep their line ends, also in a
 * file that mixes them; new ones have that of the file's first line.
 */
export function applyV4a(text: string, diff: string): Applied {
  const parsed = parseV4a(diff);
  if (!parsed.ok) return parsed;
  const file = text.split("\n").map(lineOf);
  const seen = file.map((line) => line.text);
  const result: Line[] = [];
  const loose: number[] = [];
  let [done, added, deleted] = [0, 0, 0];
  for (const [index, hunk] of parsed.hunks.entries()) {
    const number = index + 1;
    const place = locate(seen, hunk, done);
    if (place && "missing" in place) {
      const anchor = JSON.stringify(place.missing);
      return { ok: false, problem: `Hunk ${number} has no place: no line is its anchor ${anchor}` };
    }
    if (!place) return { ok: false, problem: mismatchText(seen, hunk, { number, from: done }) };
    if (place.isLoose) loose.push(number);
    result.push(...file.slice(done, place.start));
    done = place.start + edit(hunk, file.slice(place.start), result);
    added += hunk.lines.filter(({ type }) => type === "add").length;
    deleted += hunk.lines.filter(({ type }) => type === "delete").length;
  }
  result.push(...file.slice(done));
  const lineEnd = file.length > 1 && file[0]?.isCrlf ? "\r\n" : "\n";
  return { ok: true, text: joined(result, lineEnd), added, deleted, loose };
}

/** A line without its end; `isCrlf` of a new line is not known yet. */
interface Line {
  readonly text: string;
  readonly isCrlf: boolean | undefined;
}

function lineOf(text: string, index: number, all: readonly string[]): Line {
  // The last one has no end.
  if (index === all.length - 1) return { text, isCrlf: undefined };
  return text.endsWith("\r") ? { text: text.slice(0, -1), isCrlf: true } : { text, isCrlf: false };
}

/** Takes the file's own lines where they stay: a diff may have their spaces wrong. Gives how many it used up. */
function edit(hunk: Hunk, file: readonly Line[], result: Line[]): number {
  let used = 0;
  for (const { type, text } of hunk.lines) {
    const line = file[used];
    if (type === "add") result.push({ text, isCrlf: undefined });
    else {
      used += 1;
      if (type === "keep" && line) result.push(line);
    }
  }
  return used;
}

function joined(lines: readonly Line[], lineEnd: string): string {
  return lines
    .map(({ text, isCrlf }, index) => {
      if (index === lines.length - 1) return text;
      return `${text}${isCrlf === undefined ? lineEnd : isCrlf ? "\r\n" : "\n"}`;
    })
    .join("");
}
