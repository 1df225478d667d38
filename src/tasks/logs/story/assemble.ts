import type { LogsData, LogsFile, LogsFinding, LogsPattern } from "../data.ts";
import { type Level, levels } from "../level.ts";
import type { Place } from "../mine/miner.ts";
import type { NotRead } from "../read/select.ts";
import type { TimeText } from "../render/time.ts";
import type { Capture, ShownLine } from "./capture.ts";
import type { Finding } from "./findings.ts";
import { roundFactor } from "./findings.ts";
import { findGaps } from "./gaps.ts";
import type { Gathered, GatheredFile } from "./gather.ts";
import type { Pattern, Patterns } from "./patterns.ts";
import { type Span, coarsen } from "./timeline.ts";

const histogramBuckets = 60;
const shownChanges = 20;

/** Writes places and times of what was gathered as they are told to others. */
export interface Writer {
  place(place: { readonly file: number; readonly line: number } | undefined): string;
  time(ms: number | undefined): { readonly time?: string };
  lines(file: number, lines: readonly ShownLine[]): { at: string; text: string }[];
  onset(pattern: Pattern): LogsPattern["onset"];
}

export function writer(gathered: Gathered, { span }: Patterns, times: TimeText): Writer {
  const place: Writer["place"] = (at) =>
    at === undefined ? "" : `${shortPath(gathered.files[at.file]?.chapter.path ?? "")}:${at.line}`;
  const bucket = (index: number): { time?: string } =>
    span === undefined || gathered.axis === "line" ? {} : time(span.start + index * span.widthMs);
  const time: Writer["time"] = (ms = Number.NaN) => {
    const iso = times.iso(ms);
    return iso === undefined ? {} : { time: iso };
  };
  return {
    place,
    time,
    lines: (file, lines) => lines.map(({ line, text }) => ({ at: place({ file, line }), text })),
    onset({ onset, tally }) {
      if (onset.type === "steady") return { type: "steady" };
      // Buckets are coarse: where the pattern itself begins or ends, its own times are nearer to the truth.
      const { time: from } = onset.type === "jump" ? bucket(onset.from) : time(tally.first?.time);
      const { time: to } =
        onset.type === "burst" || onset.type === "stopped"
          ? time(tally.last?.time)
          : bucket(onset.to);
      return {
        type: onset.type,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(onset.type === "jump" ? { factor: roundFactor(onset.factor) } : {}),
      };
    },
  };
}

/** A path as people name the file: what is in the workspace, without the workspace. */
export function shortPath(path: string): string {
  return path.replace(/^(?:\/workspace\/|\.\/)/, "");
}

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
  const byLevel = levels.map((level): readonly [Level, readonly number[]] => [
    level,
    span.read(rows[level]),
  ]);
  return {
    widthMs: span.widthMs,
    buckets: all.map((count, index) => ({
      from: times.iso(span.start + index * span.widthMs) ?? "",
      total: count,
      counts: Object.fromEntries(
        byLevel.map(([level, counted]) => [level, counted[index] ?? 0]),
      ) as Record<Level, number>,
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

function fileData(file: GatheredFile, write: Writer): LogsFile {
  const { time: first } = write.time(file.first);
  const { time: last } = write.time(file.last);
  return {
    path: file.chapter.path,
    encoding: file.chapter.encoding,
    formats: Object.fromEntries(file.formats),
    bytes: file.chapter.bytes,
    lines: file.lines,
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    notes: fileNotes(file),
  };
}

function fileNotes(file: GatheredFile): string[] {
  const notes: string[] = [];
  if (file.badBytes) notes.push("some bytes are not UTF-8 and are shown as �");
  if (file.oddTimes > 0)
    notes.push(
      `${file.oddTimes} lines with a time more than a year away from the others: their times are not used`,
    );
  return notes;
}

function leftOut({ files, lines, miner }: Gathered): readonly NotRead[] {
  const notes: NotRead[] = [];
  for (const { chapter, problem, cut } of files) {
    const what = shortPath(chapter.path);
    if (problem !== undefined)
      notes.push({ what, why: `ends early or is damaged (${problem}); what came before was read` });
    if (cut > 0) notes.push({ what, why: `${cut} lines longer than 256 KiB were cut` });
  }
  if (lines.filtered > 0)
    notes.push({
      what: `${lines.filtered} lines`,
      why: "left out by since, until, levels or match",
    });
  if (miner.overflow.lines > 0) {
    notes.push({
      what: `${miner.overflow.lines} lines`,
      why: "counted by level, but in none of the patterns: there were too many different ones",
    });
  }
  return notes;
}
