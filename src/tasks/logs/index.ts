import { type TaskContext, type TaskResult, defineTask } from "../task.ts";
import type { LogsData } from "./data.ts";
import { LogsInput } from "./input.ts";
import { type Level, levelOfWord } from "./level.ts";
import { timeFormats } from "./parse/timestamp.ts";
import { type NotRead, selectFiles } from "./read/select.ts";
import { type Chapter, readChapters } from "./read/story.ts";
import { headlineOf } from "./render/headline.ts";
import { reportOf } from "./render/report.ts";
import { summaryOf } from "./render/summary.ts";
import { timeText } from "./render/time.ts";
import { findingData, overview, patternData } from "./story/assemble.ts";
import { findEnd } from "./story/end.ts";
import { findWrong } from "./story/findings.ts";
import { type Gathered, type Scope, gather } from "./story/gather.ts";
import { parseMatcher } from "./story/match.ts";
import { minePatterns } from "./story/patterns.ts";
import { reporter } from "./story/progress.ts";
import { needsEnd, parseMoment, placeMoment } from "./story/window.ts";
import { writer } from "./story/writer.ts";

export { LogsData, LogsFile, LogsFinding, LogsOnset, LogsPattern } from "./data.ts";
export { LogsInput } from "./input.ts";

/** Patterns that `patterns.json` lists. */
const listedPatterns = 2000;

/**
 * Reads log files and says what went wrong: the patterns that matter, since when, with `file:line` and the lines just
 * before; counts by level, a histogram, and what could not be read.
 */
export const logs = defineTask({
  name: "logs",
  title: "Read logs",
  description:
    "Reads log files of any size and common format (JSON, logfmt, syslog, access logs, plain text, gzip, rotated) and " +
    "says what went wrong: error patterns, when they began, the lines just before, counts by level over time. Use it " +
    "first whenever logs are attached or a question is about what happened; then narrow it with since, levels, match or " +
    "around. Evidence is given as file:line.",
  input: LogsInput,
  module: import.meta.url,
  run: readLogs,
});

async function readLogs(input: LogsInput, context: TaskContext): Promise<TaskResult> {
  const { files, signal } = context;
  const selection = await selectFiles(files, input.files);
  const formats = timeFormats({ now: Date.now() });
  const { chapters, notRead } = await readChapters(files, selection.paths, { formats, signal });
  const scope = await scopeOf(input, chapters, context);
  const gathered = await gather(files, chapters, scope, {
    signal,
    onBytes: reporter(context, chapters, "Read"),
  });

  const patterns = minePatterns(gathered);
  const times = timeText(chapters);
  const write = writer(gathered, patterns, times);
  const findings = findWrong(patterns.list).map((finding) => findingData(finding, write));
  const facts = {
    ...overview(gathered, patterns, {
      write,
      times,
      notRead: [...selection.missing, ...notRead, ...unplaced(scope, gathered)],
    }),
    findings,
    patterns: patterns.list.slice(0, input.top).map((pattern) => patternData(pattern, write)),
  };
  const data: LogsData = withFirstError(input, { headline: headlineOf(facts), ...facts });

  const all = patterns.list.slice(0, listedPatterns).map((pattern) => patternData(pattern, write));
  return {
    summary: summaryOf(data),
    data,
    artifacts: [
      await context.artifact(
        "report.md",
        reportOf({ ...data, patterns: all.slice(0, Math.max(50, input.top)) }),
      ),
      await context.artifact("patterns.json", `${JSON.stringify(all, undefined, 2)}\n`),
    ],
  };
}

async function scopeOf(
  input: LogsInput,
  chapters: readonly Chapter[],
  context: TaskContext,
): Promise<Scope> {
  const [since, until] = [input.since, input.until].map((text) =>
    text === undefined ? undefined : parseMoment(text),
  );
  const offset = chapters.find(({ time }) => !Number.isNaN(time))?.offset ?? 0;
  const end = needsEnd(since) || needsEnd(until) ? await findEnd(chapters, context) : Number.NaN;
  const matcher = input.match === undefined ? undefined : parseMatcher(input.match);
  const around = /^(.+):(\d+)$/.exec(input.around ?? "");
  return {
    from: since === undefined ? -Infinity : placeMoment(since, { offset, end }),
    to: until === undefined ? Infinity : placeMoment(until, { offset, end }),
    levels: input.levels === undefined ? undefined : new Set(input.levels.map(levelNamed)),
    matches: matcher?.type === "matcher" ? matcher.matches : undefined,
    context: input.context,
    around: around === null ? undefined : { file: around[1] ?? "", line: Number(around[2]) },
  };
}

/** What was asked for and could not be done has to be said. */
function unplaced(scope: Scope, { around }: Gathered): readonly NotRead[] {
  const notes: NotRead[] = [];
  if (Number.isNaN(scope.from) || Number.isNaN(scope.to)) {
    notes.push({ what: "since, until", why: "not applied: the log has no times" });
  }
  if (scope.around !== undefined && around === undefined) {
    notes.push({ what: `${scope.around.file}:${scope.around.line}`, why: "no such line" });
  }
  return notes;
}

function levelNamed(word: string): Level {
  return levelOfWord(word) ?? "unknown";
}

/** `around: "first-error"` shows the surroundings of the earliest fatal or error finding. */
function withFirstError(input: LogsInput, data: LogsData): LogsData {
  if (input.around !== "first-error") return data;
  const severe = data.findings.filter(({ level }) => level === "fatal" || level === "error");
  const [first] = severe.toSorted((a, b) => ((a.time ?? a.at) < (b.time ?? b.at) ? -1 : 1));
  if (first === undefined) return data;
  const lines = [...first.before, { at: first.at, text: first.line }, ...first.after];
  return { ...data, around: { at: first.at, lines } };
}
