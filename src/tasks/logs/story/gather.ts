import type { TaskFiles } from "../../task.ts";
import { type Level, perLevel } from "../level.ts";
import { type Miner, createMiner } from "../mine/miner.ts";
import { type Place, countLine } from "../mine/tally.ts";
import type { Chapter } from "../read/story.ts";
import { type Walked, walk } from "../read/walk.ts";
import { type Change, type Recorder, type ShownLine, createRecorder, shown } from "./capture.ts";
import { type Row, type Timeline, createTimeline } from "./timeline.ts";

/** What is looked at, and what is passed over. */
export interface Scope {
  readonly from: number;
  readonly to: number;
  readonly levels: ReadonlySet<Level> | undefined;
  readonly matches: ((line: string) => boolean) | undefined;
  readonly context: number;
  /** Lines around this place are kept. */
  readonly around: { readonly file: string; readonly line: number } | undefined;
}

/** Everything that one pass over the files collects. Its size does not depend on theirs. */
export interface Gathered {
  readonly miner: Miner;
  readonly timeline: Timeline;
  /** What the timeline counts along: times, or line numbers where no file has times. */
  readonly axis: "time" | "line";
  readonly total: Row;
  readonly rows: Readonly<Record<Level, Row>>;
  readonly counts: Record<Level, number>;
  readonly inferred: Record<Level, number>;
  readonly lines: { events: number; continuation: number; plain: number; filtered: number };
  readonly range: { first: number; last: number };
  readonly changes: Change[];
  readonly files: GatheredFile[];
  around: { readonly file: number; readonly line: number; readonly lines: ShownLine[] } | undefined;
}

export interface GatheredFile extends Walked {
  readonly chapter: Chapter;
  first: number;
  last: number;
}

export interface GatherOptions {
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

const changeLimit = 200;
/** What is reported more often than this is no news. */
const changesOfOne = 20;

/** What first comes after so many lines of a file is new enough to keep what stood before it. */
const earlyLines = 1000;

/** Reads the files one after the other and counts. */
export async function gather(
  files: TaskFiles,
  chapters: readonly Chapter[],
  scope: Scope,
  options: GatherOptions,
): Promise<Gathered> {
  const gathered = emptyGathered(chapters);
  const budget = { captures: 0 };
  let linesBefore = 0;
  for (const [index, chapter] of chapters.entries()) {
    const recorder = createRecorder({ context: scope.context, budget });
    const file = { chapter, first: Number.NaN, last: Number.NaN };
    const visit = visitor({ gathered, scope, recorder, file, index, linesBefore });
    const walked = await walk(files, chapter, visit, options);
    gathered.files.push({ ...file, ...walked });
    linesBefore += walked.lines;
  }
  return gathered;
}

function emptyGathered(chapters: readonly Chapter[]): Gathered {
  const timeline = createTimeline();
  return {
    miner: createMiner({ timeline }),
    timeline,
    axis: chapters.some(({ time }) => !Number.isNaN(time)) ? "time" : "line",
    total: timeline.newRow(),
    rows: perLevel(() => timeline.newRow()),
    counts: perLevel(() => 0),
    inferred: perLevel(() => 0),
    lines: { events: 0, continuation: 0, plain: 0, filtered: 0 },
    range: { first: Number.NaN, last: Number.NaN },
    changes: [],
    files: [],
    around: undefined,
  };
}

interface Visiting {
  readonly gathered: Gathered;
  readonly scope: Scope;
  readonly recorder: Recorder;
  readonly file: { first: number; last: number; readonly chapter: Chapter };
  readonly index: number;
  readonly linesBefore: number;
}

function visitor({
  gathered,
  scope,
  recorder,
  file,
  index,
  linesBefore,
}: Visiting): Parameters<typeof walk>[2] {
  const { miner, timeline, axis, counts, inferred, lines, range } = gathered;
  const aroundLine = isAround(scope, file.chapter.path) ? (scope.around?.line ?? -1) : -1;
  let passing = false;

  return (line, number, kind, event) => {
    recorder.note(number, line, kind === "continuation");
    if (aroundLine !== -1 && Math.abs(number - aroundLine) <= scope.context) {
      gathered.around ??= { file: index, line: aroundLine, lines: [] };
      gathered.around.lines.push(shown(number, line));
    }
    if (kind === "continuation" || kind === "partial") {
      if (passing) lines.filtered += 1;
      else lines.continuation += 1;
      return false;
    }
    passing = true;
    const { time } = event;
    if (time < scope.from || time > scope.to || scope.matches?.(line) === false) {
      lines.filtered += 1;
      return false;
    }
    const tally = miner.find(event);
    const level = tally?.level ?? event.level;
    if (scope.levels?.has(level) === false) {
      lines.filtered += 1;
      return tally?.trouble === true;
    }
    passing = false;
    lines.events += 1;
    if (kind === "plain") lines.plain += 1;
    counts[level] += 1;
    if (tally?.inferred === true) inferred[level] += 1;
    let slot = -1;
    const at = axis === "time" ? time : (linesBefore + number) * 10;
    if (!Number.isNaN(at)) {
      slot = timeline.slotOf(at);
      gathered.total[slot] = (gathered.total[slot] ?? 0) + 1;
      const row = gathered.rows[level];
      row[slot] = (row[slot] ?? 0) + 1;
    }
    widen(range, time);
    widen(file, time);
    if (tally === undefined) return false;
    const place: Place = { file: index, line: number, time };
    const severe = level === "fatal" || level === "error";
    if (tally.count === 0) {
      tally.example = shown(number, line).text;
      if (severe || level === "warn" || tally.trouble || number > earlyLines) {
        tally.capture = recorder.capture({ line: number, time }, { important: severe });
      }
    }
    countLine(tally, place, { slot, component: event.component, timeline });
    if (tally.change && tally.count <= changesOfOne)
      noteChange(gathered, recorder, { ...place, text: line });
    return tally.trouble || severe;
  };
}

function widen(range: { first: number; last: number }, time: number): void {
  if (Number.isNaN(time)) return;
  if (!(time >= range.first)) range.first = time;
  if (!(time <= range.last)) range.last = time;
}

function noteChange(gathered: Gathered, recorder: Recorder, change: Change): void {
  recorder.changed(change);
  if (gathered.changes.length >= changeLimit) return;
  gathered.changes.push({ ...change, text: shown(change.line, change.text).text });
}

/** A place may be given by the end of a path: `app.log:12`. */
function isAround(scope: Scope, path: string): boolean {
  const wanted = scope.around?.file;
  return (
    wanted !== undefined && (path === wanted || path.endsWith(`/${wanted.replace(/^\.?\//, "")}`))
  );
}
