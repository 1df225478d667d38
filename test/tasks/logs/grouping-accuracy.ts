import { groupShapes } from "../../../src/tasks/logs/mine/group.ts";
import { shapeOf } from "../../../src/tasks/logs/mine/shape.ts";
import { wordsOfShape } from "../../../src/tasks/logs/mine/words.ts";
import { newEvent } from "../../../src/tasks/logs/parse/event.ts";
import { createLineReader } from "../../../src/tasks/logs/parse/reader.ts";
import { timeFormats } from "../../../src/tasks/logs/parse/timestamp.ts";
import { cleanLine } from "../../../src/tasks/logs/read/clean.ts";

/**
 * The part of the lines whose group holds exactly the lines that the truth puts together: the usual measure of log
 * parsers. Here from raw lines: the header has to be found as well.
 */
export function groupingAccuracy(raw: string, structured: string): number {
  const lines = raw
    .split("\n")
    .map(cleanLine)
    .filter((line) => line !== "");
  const truth = eventIds(structured);
  if (truth.length !== lines.length)
    throw new Error(`${lines.length} lines, ${truth.length} answers`);
  const found = groupLines(lines);
  const byTruth = collect(truth);
  const byGroup = collect(found);
  let right = 0;
  for (const members of byTruth.values()) {
    const groups = new Set(members.map((line) => found[line]));
    const [only] = groups;
    if (groups.size === 1 && byGroup.get(only ?? "")?.length === members.length)
      right += members.length;
  }
  return right / lines.length;
}

function groupLines(lines: readonly string[]): readonly string[] {
  const formats = timeFormats({ now: Date.UTC(2026, 10, 1) });
  const reader = createLineReader(lines.slice(0, 500), formats);
  const event = newEvent();
  const counts = new Map<string, number>();
  const shapes = lines.map((line) => {
    reader.read(line, event, { afterTrouble: false });
    const shape = shapeOf(event.text);
    counts.set(shape, (counts.get(shape) ?? 0) + 1);
    return shape;
  });
  const distinct = [...counts].map(([shape, count]) => ({
    shape,
    count,
    words: wordsOfShape(shape),
  }));
  const groupOf = new Map<string, string>();
  for (const [index, members] of groupShapes(distinct).entries()) {
    for (const member of members) groupOf.set(distinct[member]?.shape ?? "", String(index));
  }
  return shapes.map((shape) => groupOf.get(shape) ?? "");
}

function collect(keys: readonly string[]): Map<string, number[]> {
  const lines = new Map<string, number[]>();
  for (const [line, key] of keys.entries()) lines.set(key, [...(lines.get(key) ?? []), line]);
  return lines;
}

/** The `EventId` column of a CSV file; quoted fields may hold commas. */
function eventIds(csv: string): readonly string[] {
  const [header = "", ...rows] = csv.split(/\r?\n/).filter((row) => row !== "");
  const column = header.split(",").indexOf("EventId");
  return rows.map((row) => {
    const fields = row.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? [];
    return (fields[column] ?? "").replace(/,$/, "");
  });
}
