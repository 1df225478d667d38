import { createMiner } from "../../../src/tasks/logs/mine/miner.ts";
import { countLine } from "../../../src/tasks/logs/mine/tally.ts";
import { newEvent } from "../../../src/tasks/logs/parse/event.ts";
import { createLineReader } from "../../../src/tasks/logs/parse/reader.ts";
import { timeFormats } from "../../../src/tasks/logs/parse/timestamp.ts";
import { cleanLine } from "../../../src/tasks/logs/read/clean.ts";
import { createTimeline } from "../../../src/tasks/logs/story/timeline.ts";

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

/** What the task does: header, shape, patterns. Patterns of different level are different patterns. */
function groupLines(lines: readonly string[]): readonly string[] {
  const formats = timeFormats({ now: Date.UTC(2026, 10, 1) });
  const reader = createLineReader(lines.slice(0, 500), formats);
  const timeline = createTimeline();
  const miner = createMiner({ timeline });
  const event = newEvent();
  const tallies = lines.map((text, line) => {
    reader.read(text, event, { afterTrouble: false });
    const tally = miner.find(event);
    if (tally !== undefined) {
      countLine(tally, { file: 0, line, time: event.time }, { slot: -1, component: "", timeline });
    }
    return tally;
  });
  const groups = miner.finish();
  return tallies.map((tally) =>
    String(groups.findIndex((group) => tally !== undefined && group.includes(tally))),
  );
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
