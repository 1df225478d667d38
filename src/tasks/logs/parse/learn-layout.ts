import { groupBy, share } from "./group-by.ts";
import { type HeadStep, type Layout, afterOpening, pastMarks } from "./layout.ts";
import { learnTail } from "./learn-tail.ts";
import { levelOfLetterToken, levelOfToken } from "./level-token.ts";
import type { TimeFormat } from "./timestamp.ts";
import { skipSpace, tokenEnd } from "./tokens.ts";

const headLimit = 14;

/**
 * Learns how the headers of lines are built whose first time has the same format and place. Several layouts when their
 * levels stand in different places; the last one takes what the others leave.
 */
export function learnLayouts(
  lines: readonly string[],
  formats: readonly TimeFormat[],
): readonly Layout[] {
  const groups = [...groupBy(lines, (line) => levelIndex(headWords(line, formats)))];
  const large = groups.filter(
    ([index, group]) => index !== -1 && group.length >= Math.max(5, lines.length * 0.1),
  );
  const rest = groups.filter((group) => !large.includes(group)).flatMap(([, group]) => group);
  if (large.length === 0 || (large.length === 1 && rest.length < lines.length * 0.1)) {
    return [learnLayout(lines, formats, { levelRequired: false })];
  }
  return [
    ...large
      .toSorted((a, b) => b[1].length - a[1].length)
      .map(([, group]) => learnLayout(group, formats, { levelRequired: true })),
    learnLayout(rest, formats, { levelRequired: false }),
  ];
}

function learnLayout(
  lines: readonly string[],
  formats: readonly TimeFormat[],
  { levelRequired }: { levelRequired: boolean },
): Layout {
  const rows = lines.map((line) => headWords(line, formats));
  const level = levelColumn(rows);
  const lastTime = lastColumn(rows, (word) => word.format !== undefined);
  const length = Math.max(level?.index ?? -1, lastTime) + 1;
  const head: HeadStep[] = [];
  for (let index = 0; index < length; index += 1) {
    const format = mostCommon(rows.map((row) => row[index]?.format));
    const timed =
      format !== undefined && share(rows, (row) => row[index]?.format === format) >= 0.5;
    if (index === level?.index) head.push({ type: "level", letter: level.letter });
    else if (timed)
      head.push({ type: "time", format, primary: !head.some((step) => step.type === "time") });
    else head.push({ type: "word" });
  }
  return { head, tail: length === 0 ? [] : learnTail(lines, head), levelRequired };
}

interface Word {
  readonly text: string;
  readonly format: TimeFormat | undefined;
}

function headWords(line: string, formats: readonly TimeFormat[]): readonly Word[] {
  const words: Word[] = [];
  let at = skipSpace(line, 0);
  while (at < line.length && words.length < headLimit) {
    const time = timeAt(line, at, formats);
    const end = time === undefined ? tokenEnd(line, at) : pastMarks(line, time.end);
    words.push({ text: line.slice(at, end), format: time?.format });
    at = skipSpace(line, end);
  }
  return words;
}

/** The time that a header word begins with. A time of day alone counts only where a header begins. */
export function timeAt(
  line: string,
  at: number,
  formats: readonly TimeFormat[],
): { readonly format: TimeFormat; readonly ms: number; readonly end: number } | undefined {
  const start = afterOpening(line, at);
  const code = line.charCodeAt(start);
  const digit = code >= 0x30 && code <= 0x39;
  if (!digit && !(code >= 0x41 && code <= 0x5a)) return undefined;
  for (const format of formats) {
    const read = format.read(line, start);
    if (read !== undefined && (format.lacks !== "date" || at < 40)) {
      return { format, ms: read.ms, end: read.end };
    }
  }
  return undefined;
}

/**
 * Where a line's level seems to stand: a level word that is marked as one by capitals or a bracket. A plain word before
 * it belongs to a sentence, and so does then what follows.
 */
function levelIndex(words: readonly Word[]): number {
  const index = words.findIndex(
    ({ text }) => /^[[(<]|^[A-Z]/.test(text) && levelOfToken(text) !== undefined,
  );
  const before = words.slice(0, Math.max(0, index));
  return before.some(({ text, format }) => format === undefined && /^[a-z]+$/i.test(text))
    ? -1
    : index;
}

function levelColumn(
  rows: readonly (readonly Word[])[],
): { index: number; letter: boolean } | undefined {
  let best = { index: -1, letter: false, share: 0 };
  for (let index = 0; index < headLimit; index += 1) {
    const word = share(rows, (row) => levelOfToken(row[index]?.text ?? "") !== undefined);
    if (word >= 0.6 && word > best.share) best = { index, letter: false, share: word };
    const letter = share(rows, (row) => levelOfLetterToken(row[index]?.text ?? "") !== undefined);
    if (letter >= 0.9 && letter > best.share) best = { index, letter: true, share: letter };
  }
  return best.index === -1 ? undefined : best;
}

function lastColumn(rows: readonly (readonly Word[])[], is: (word: Word) => boolean): number {
  for (let index = headLimit - 1; index >= 0; index -= 1) {
    const found = share(rows, (row) => {
      const word = row[index];
      return word !== undefined && is(word);
    });
    if (found >= 0.6) return index;
  }
  return -1;
}

function mostCommon<T>(items: readonly (T | undefined)[]): T | undefined {
  const counts = new Map<T, number>();
  for (const item of items) if (item !== undefined) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}
