import type { LogsData, LogsFinding, LogsPattern } from "../data.ts";
import { perLevel } from "../level.ts";
import type { Place } from "../mine/tally.ts";
import type { NotRead } from "../read/select.ts";
import type { TimeText } from "../render/time.ts";
import type { Capture } from "./capture.ts";
import { fileData, leftOut } from "./file-data.ts";
import type { Finding } from "./findings.ts";
import { findGaps } from "./gaps.ts";
import type { Gathered, GatheredFile } from "./gather.ts";
import type { Pattern, Patterns } from "./patterns.ts";
import { type Span, coarsen } from "./timeline.ts";
import type { Writer } from "./writer.ts";

const histogramBuckets = 60;
const shownChanges = 20;

/** What is told about a pattern. */
export function patternData(pattern: Pattern, write: Writer): LogsPattern {
  const { id, template, tally } = pattern;
  const at = (place: Place | undefined) => ({ at: write.place(place), ...write.time(place?.time) });
  return {
    id,
    template: template.slice(0, 400),
    level: tally.level,
    inferred: tally.inferred,
    count: tally.count,
    first: at(tally.first),
    last: at(tally.last),
    example: tally.example,
    components: tally.components,
    onset: write.onset(pattern),
  };
}

/** What is told about something that went wrong. */
export function findingData({ pattern, score, reasons }: Finding, write: Writer): LogsFinding {
  const { tally } = pattern;
  const file = tally.first?.file ?? 0;
  const { before = [], after = [], cause, change } = (tally.capture ?? {}) as Partial<Capture>;
  return {
    pattern: pattern.id,
    title: pattern.template.slice(0, 200),
    level: tally.level,
    inferred: tally.inferred,
    count: tally.count,
    at: write.place(tally.first),
    ...write.time(tally.first?.time),
    onset: write.onset(pattern),
    reasons: [...reasons],
    score,
    before: write.lines(file, before),
    line: tally.example,
    after: write.lines(file, cause === undefined ? after : [...after, cause]),
    ...(change === undefined
      ? {}
      : { change: { at: write.place(change), text: change.text, ...write.time(change.time) } }),
  };
}

/** Everything but the headline, the patterns and the findings. */
export function overview(
  gathered: Gathered,
  patterns: Patterns,
  { write, times, notRead }: { write: Writer; times: TimeText; notRead: readonly NotRead[] },
): Omit<LogsData, "headline" | "patterns" | "findings"> {
  const { lines, counts, inferred, range, files } = gathered;
  const [first, last] = [times.iso(range.first), times.iso(range.last)];
  const sum = (of: (file: GatheredFile) => number): number =>
    files.reduce((all, file) => all + of(file), 0);
  const span = gathered.axis === "time" ? gathered.timeline.span() : undefined;
  return {
    ...(first === undefined || last === undefined
      ? {}
      : { range: { first, last, zone: times.zone, notes: [...times.notes] } }),
    lines: {
      total: sum((file) => file.lines),
      blank: sum((file) => file.blank),
      cut: sum((file) => file.cut),
      ...lines,
    },
    levels: { counts, inferred },
    files: files.map((file) => fileData(file, write)),
    patternCount: patterns.list.length,
    changes: gathered.changes.slice(0, shownChanges).map((change) => ({
      at: write.place(change),
      text: change.text,
      ...write.time(change.time),
    })),
    ...(span === undefined
      ? {}
      : { histogram: histogram(coarsen(span, histogramBuckets), gathered, times) }),
    gaps: span === undefined ? [] : gapData(span, gathered, times),
    ...(gathered.around === undefined
      ? {}
      : {
          around: {
            at: write.place(gathered.around),
            lines: write.lines(gathered.around.file, gathered.around.lines),
          },
        }),
    notRead: [...notRead, ...leftOut(gathered)],
  };
}

function histogram(span: Span, { total, rows }: Gathered, times: TimeText): LogsData["histogram"] {
  const all = span.read(total);
  const byLevel = perLevel((level) => span.read(rows[level]));
  return {
    widthMs: span.widthMs,
    buckets: all.map((count, index) => ({
      from: times.iso(span.start + index * span.widthMs) ?? "",
      total: count,
      counts: perLevel((level) => byLevel[level][index] ?? 0),
    })),
  };
}

function gapData(span: Span, { total }: Gathered, times: TimeText): LogsData["gaps"] {
  return findGaps(span, span.read(total)).map(({ from, to }) => ({
    from: times.iso(from) ?? "",
    to: times.iso(to) ?? "",
    ms: to - from,
  }));
}
