import { isContinuation } from "./continuation.ts";
import { type LineParser, type LogEvent, resetEvent } from "./event.ts";
import { timeAt } from "./learn-layout.ts";
import { learnParsers } from "./learn.ts";
import type { TimeFormat } from "./timestamp.ts";
import { type Unwrapped, learnWrapper } from "./wrapper.ts";

/** What a line turned out to be: an event with a header that was understood, one without, or part of another. */
export type LineKind = "event" | "plain" | "continuation" | "partial";

/** Reads the lines of one file, in the formats that its first lines are in. */
export interface LineReader {
  /** Fills `event`. `afterTrouble`: the event before speaks of trouble. */
  read(line: string, event: LogEvent, options: { readonly afterTrouble: boolean }): LineKind;
  /** How many events each format had. */
  formats(): ReadonlyMap<string, number>;
}

const relearnLines = 200;
const relearnRounds = 5;
const partialLimit = 256 * 1024;

/** Learns from `sample`, and again from lines that turn up later and fit nothing. */
export function createLineReader(
  sample: readonly string[],
  formats: readonly TimeFormat[],
): LineReader {
  const wrapper = learnWrapper(sample, formats);
  const inner =
    wrapper === undefined ? sample : sample.map((line) => wrapper.unwrap(line)?.line ?? line);
  const prefix = wrapper === undefined ? "" : `${wrapper.name}: `;
  const parsers = [...learnParsers(inner, formats)];
  const counts = new Map<LineParser | undefined, number>();
  const unknown: string[] = [];
  let rounds = 0;
  let [fitting, others] = [0, 0];
  let last = parsers[0];
  let pending = "";

  const parse = (line: string, event: LogEvent): boolean => {
    if (last !== undefined && tryParser(last, line, event)) return true;
    const parser = parsers.find((each) => each !== last && tryParser(each, line, event));
    if (parser !== undefined) last = parser;
    return parser !== undefined;
  };
  const learnAgain = (line: string): void => {
    if (rounds >= relearnRounds || line.startsWith(" ") || line.startsWith("\t")) return;
    unknown.push(line.slice(0, 2000));
    if (unknown.length < relearnLines) return;
    parsers.push(...learnParsers(unknown, formats));
    unknown.length = 0;
    rounds += 1;
  };
  const readInner = (line: string, event: LogEvent, afterTrouble: boolean): LineKind => {
    resetEvent(event);
    if (parse(line, event)) {
      fitting += 1;
      counts.set(last, (counts.get(last) ?? 0) + 1);
      return "event";
    }
    learnAgain(line);
    resetEvent(event);
    event.text = line;
    const expectsHeader = fitting > 20 && others < fitting;
    if (isContinuation(line, { afterTrouble, expectsHeader })) return "continuation";
    others += 1;
    counts.set(undefined, (counts.get(undefined) ?? 0) + 1);
    const time = timeAt(line, 0, formats);
    if (time !== undefined) {
      event.time = time.ms;
      event.text = line.slice(time.end).trimStart();
    }
    return "plain";
  };

  return {
    formats: () =>
      new Map(
        [...counts].map(([parser, count]) => [prefix + (parser?.name ?? "plain text"), count]),
      ),
    read(line, event, { afterTrouble }) {
      const outer = wrapper?.unwrap(line);
      if (outer === undefined) return readInner(line, event, afterTrouble);
      const whole = pending + outer.line;
      pending = outer.partial && whole.length < partialLimit ? whole : "";
      if (pending !== "") return "partial";
      const kind = readInner(whole, event, afterTrouble);
      addOuter(event, outer);
      return kind === "plain" ? "event" : kind;
    },
  };
}

function tryParser(parser: LineParser, line: string, event: LogEvent): boolean {
  if (parser.parse(line, event)) return true;
  resetEvent(event);
  return false;
}

function addOuter(event: LogEvent, outer: Unwrapped): void {
  // The runtime knows the zone, and the year, which the program may leave out.
  if (outer.time !== undefined && (Number.isNaN(event.time) || event.offset === undefined)) {
    event.time = outer.time;
    event.offset = outer.offset;
  }
  if (outer.component !== "") event.component = outer.component;
}
