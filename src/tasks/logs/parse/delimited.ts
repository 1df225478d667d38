import type { LineParser } from "./event.ts";
import { levelOfToken } from "./level-token.ts";
import type { TimeFormat } from "./timestamp.ts";

const fieldLimit = 8;

/**
 * Learns lines whose header fields are joined by a character instead of blanks: `time|component|pid|message`.
 * Undefined when no character follows the time in most of them.
 */
export function learnDelimited(
  lines: readonly string[],
  format: TimeFormat,
): LineParser | undefined {
  const rests = lines
    .map((line) => {
      const read = format.read(line, 0);
      return read === undefined ? "" : line.slice(read.end);
    })
    .filter((rest) => rest !== "");
  const delimiter = ["|", ";", ",", "\t"].find(
    (mark) =>
      rests.filter((rest) => rest.startsWith(mark) && rest[1] !== " ").length >= rests.length * 0.9,
  );
  if (delimiter === undefined || rests.length === 0) return undefined;
  const counts = rests.map((rest) => rest.split(delimiter).length - 1).toSorted((a, b) => a - b);
  const fields = Math.min(counts[Math.floor(counts.length * 0.05)] ?? 1, fieldLimit);
  const rows = rests.map((rest) => rest.split(delimiter).slice(1, fields));
  return delimitedParser(format, delimiter, { fields, level: levelField(rows) });
}

function levelField(rows: readonly (readonly string[])[]): number {
  for (let index = 0; index < fieldLimit; index += 1) {
    const found = rows.filter((row) => levelOfToken(row[index] ?? "") !== undefined).length;
    if (found >= rows.length * 0.6) return index;
  }
  return -1;
}

function delimitedParser(
  format: TimeFormat,
  delimiter: string,
  { fields, level }: { fields: number; level: number },
): LineParser {
  return {
    name: `text (${format.name}, fields split by ${JSON.stringify(delimiter)})`,
    parse(line, event) {
      const read = format.read(line, 0);
      if (read === undefined || line[read.end] !== delimiter) return false;
      event.time = read.ms;
      event.offset = read.offset;
      let at = read.end + 1;
      for (let index = 0; index < fields - 1; index += 1) {
        const next = line.indexOf(delimiter, at);
        if (next === -1) break;
        const field = line.slice(at, next);
        if (index === level) event.level = levelOfToken(field) ?? "unknown";
        else if (event.component === "" && /[A-Za-z]/.test(field)) event.component = field.trim();
        at = next + 1;
      }
      event.text = line.slice(at);
      return true;
    },
  };
}
