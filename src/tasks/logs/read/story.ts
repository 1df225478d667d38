import { messageOf } from "../../../core/errors.ts";
import type { TaskFiles } from "../../task.ts";
import { newEvent } from "../parse/event.ts";
import { firstTime } from "../parse/learn.ts";
import { createLineReader } from "../parse/reader.ts";
import type { TimeFormat } from "../parse/timestamp.ts";
import { cleanLine } from "./clean.ts";
import { readLines } from "./lines.ts";
import { openLog } from "./open.ts";
import type { NotRead } from "./select.ts";

/** A file of the story, with what its first lines tell. */
export interface Chapter {
  readonly path: string;
  readonly bytes: number;
  readonly encoding: string;
  readonly sample: readonly string[];
  /** The median time of the sample; NaN when it has none. */
  readonly time: number;
  /** Minutes east of UTC, where the lines state it. */
  readonly offset: number | undefined;
  /** What the times of most lines leave out. */
  readonly lacks: TimeFormat["lacks"];
  readonly formats: readonly TimeFormat[];
}

const sampleLines = 500;
const sampleLineLength = 4000;

/** Looks at the head of each file, and puts them in the order of their times. */
export async function readChapters(
  files: TaskFiles,
  paths: readonly string[],
  { formats, signal }: { readonly formats: readonly TimeFormat[]; readonly signal: AbortSignal },
): Promise<{ readonly chapters: readonly Chapter[]; readonly notRead: readonly NotRead[] }> {
  const chapters: Chapter[] = [];
  const notRead: NotRead[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    const head = await readHead(files, path);
    if (typeof head === "string") {
      notRead.push({ what: path, why: head });
      continue;
    }
    const { sample, encoding } = head;
    if (sample.length === 0) notRead.push({ what: path, why: "empty" });
    const bytes = (await files.size(path)) ?? 0;
    chapters.push({
      path,
      bytes,
      encoding,
      sample,
      formats,
      ...timeOf(sample, formats),
    });
  }
  return { chapters: chapters.toSorted(byTime), notRead };
}

/** The first lines of a file, or why they can't be read. */
async function readHead(
  files: TaskFiles,
  path: string,
): Promise<{ readonly sample: readonly string[]; readonly encoding: string } | string> {
  try {
    const opened = await openLog(files, path);
    if (opened.type === "unreadable") return opened.reason;
    return { sample: await takeSample(opened.chunks), encoding: opened.encoding };
  } catch (error) {
    // A folder, or a file without permission: the others can still be read.
    return messageOf(error);
  }
}

async function takeSample(chunks: AsyncIterable<Buffer>): Promise<readonly string[]> {
  const sample: string[] = [];
  for await (const lines of readLines(chunks)) {
    for (const line of lines) {
      const clean = cleanLine(line).slice(0, sampleLineLength);
      if (clean.trim() !== "") sample.push(clean);
      if (sample.length >= sampleLines) return sample;
    }
  }
  return sample;
}

function timeOf(
  sample: readonly string[],
  formats: readonly TimeFormat[],
): Pick<Chapter, "time" | "offset" | "lacks"> {
  const reader = createLineReader(sample, formats);
  const event = newEvent();
  const times: number[] = [];
  let offset: number | undefined;
  for (const line of sample) {
    reader.read(line, event, { afterTrouble: false });
    if (Number.isNaN(event.time)) continue;
    times.push(event.time);
    offset ??= event.offset;
  }
  const sorted = times.toSorted((a, b) => a - b);
  const lacking = sample.map((line) => firstTime(line, formats)?.format.lacks);
  const lacks = (["year", "date"] as const).find(
    (part) => lacking.filter((found) => found === part).length > sample.length / 2,
  );
  return {
    time: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    offset,
    lacks: lacks ?? "nothing",
  };
}

/** By time; files without any come last. Equal ones by name, so that the order is the same each time. */
function byTime(a: Chapter, b: Chapter): number {
  const [first, second] = [a.time, b.time].map((time) => (Number.isNaN(time) ? Infinity : time));
  if (first !== second) return (first ?? 0) < (second ?? 0) ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}
