import { accessParser } from "./access.ts";
import { learnDelimited } from "./delimited.ts";
import type { LineParser } from "./event.ts";
import { newEvent, resetEvent } from "./event.ts";
import { groupBy } from "./group-by.ts";
import { jsonParser } from "./json.ts";
import { klogParser } from "./klog.ts";
import { layoutParser } from "./layout.ts";
import { learnLayouts, timeAt } from "./learn-layout.ts";
import { logfmtParser } from "./logfmt.ts";
import { syslogParser } from "./syslog.ts";
import type { TimeFormat } from "./timestamp.ts";
import { skipSpace, tokenEnd } from "./tokens.ts";

const parserLimit = 24;

/** Learns which formats the lines of a sample are in. Those that most lines are in come first. */
export function learnParsers(
  sample: readonly string[],
  formats: readonly TimeFormat[],
): readonly LineParser[] {
  const enough = Math.max(2, sample.length * 0.01);
  const found: { parser: LineParser; lines: number }[] = [];
  let rest = sample.filter((line) => line.trim() !== "" && !/^\s/.test(line));
  for (const parser of markedFormats(formats)) {
    const others = rest.filter((line) => !parses(parser, line));
    const lines = rest.length - others.length;
    if (lines === 0 || lines < Math.min(enough, rest.length)) continue;
    found.push({ parser, lines });
    rest = others;
  }
  for (const lines of groupBy(rest, (line) => placeOfTime(line, formats)).values()) {
    if (lines.length < Math.min(enough, rest.length)) continue;
    for (const parser of textParsers(lines, formats)) found.push({ parser, lines: lines.length });
  }
  return found
    .toSorted((a, b) => b.lines - a.lines)
    .slice(0, parserLimit)
    .map(({ parser }) => parser);
}

/** Formats that a line itself proves. */
function markedFormats(formats: readonly TimeFormat[]): readonly LineParser[] {
  return [jsonParser, syslogParser, klogParser, accessParser, logfmtParser].map((make) =>
    make(formats),
  );
}

function textParsers(
  lines: readonly string[],
  formats: readonly TimeFormat[],
): readonly LineParser[] {
  const [first = ""] = lines;
  const time = firstTime(first, formats);
  if (time?.place === 0) {
    const delimited = learnDelimited(lines, time.format);
    if (delimited !== undefined) return [delimited];
  }
  return learnLayouts(lines, formats)
    .filter((layout) => layout.head.some((step) => step.type !== "word"))
    .map((layout) =>
      layoutParser(time === undefined ? { ...layout, levelRequired: true } : layout),
    );
}

function placeOfTime(line: string, formats: readonly TimeFormat[]): string {
  const time = firstTime(line, formats);
  return time === undefined ? "" : `${time.place} ${time.format.name}`;
}

/** The first time in the first words of a line, and the number of words before it. */
export function firstTime(
  line: string,
  formats: readonly TimeFormat[],
): { readonly place: number; readonly format: TimeFormat; readonly ms: number } | undefined {
  let at = skipSpace(line, 0);
  for (let place = 0; place < 6 && at < line.length; place += 1) {
    const time = timeAt(line, at, formats);
    if (time !== undefined) return { place, format: time.format, ms: time.ms };
    at = skipSpace(line, tokenEnd(line, at));
  }
  return undefined;
}

function parses(parser: LineParser, line: string): boolean {
  const event = newEvent();
  resetEvent(event);
  return parser.parse(line, event);
}
