import { setImmediate as nextTurn } from "node:timers/promises";

import { messageOf } from "../../../core/errors.ts";
import type { TaskFiles } from "../../task.ts";
import { type LogEvent, newEvent } from "../parse/event.ts";
import { type LineKind, createLineReader } from "../parse/reader.ts";
import { createTimeGuard } from "../story/time-guard.ts";
import { cleanLine } from "./clean.ts";
import { readLines } from "./lines.ts";
import { openLog } from "./open.ts";
import type { Chapter } from "./story.ts";

/** Is called for each line that is not blank. Returns whether the event speaks of trouble. */
export type Visit = (line: string, number: number, kind: LineKind, event: LogEvent) => boolean;

export interface WalkOptions {
  readonly signal: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

/** What came up while a file was read. */
export interface Walked {
  readonly lines: number;
  readonly blank: number;
  readonly cut: number;
  readonly oddTimes: number;
  readonly badBytes: boolean;
  readonly formats: ReadonlyMap<string, number>;
  readonly problem: string | undefined;
}

/** How long the thread may be busy before others have their turn. */
const busyMs = 50;

/**
 * Reads a file once, from its first line to its last. Lines without a time are given that of the event before. Lets
 * other work have its turn, so that a stop gets through.
 */
export async function walk(
  files: TaskFiles,
  chapter: Chapter,
  visit: Visit,
  { signal, onBytes = () => {} }: WalkOptions,
): Promise<Walked> {
  const reader = createLineReader(chapter.sample, chapter.formats);
  const isNear = createTimeGuard(chapter.time);
  const event = newEvent();
  let [lines, blank, cut, oddTimes, time] = [0, 0, 0, 0, Number.NaN];
  let [afterTrouble, badBytes] = [false, false];
  let problem: string | undefined;

  const take = (raw: string): void => {
    lines += 1;
    const line = cleanLine(raw);
    if (line === "") {
      blank += 1;
      return;
    }
    const kind = reader.read(line, event, { afterTrouble });
    if (!Number.isNaN(event.time)) {
      if (isNear(event.time)) time = event.time;
      else oddTimes += 1;
    }
    event.time = time;
    const trouble = visit(line, lines, kind, event);
    if (kind !== "continuation") afterTrouble = trouble;
  };

  const opened = await openLog(files, chapter.path, {
    onBytes,
    onProblem: (text) => (problem = text),
  });
  if (opened.type === "text") {
    let rested = performance.now();
    const chunks = untilFailure(opened.chunks, (text) => (problem = text));
    for await (const batch of readLines(chunks, { onCut: () => (cut += 1) })) {
      signal.throwIfAborted();
      for (const line of batch) take(line);
      badBytes ||= batch.some((line) => line.includes("\ufffd"));
      if (performance.now() - rested < busyMs) continue;
      await nextTurn();
      rested = performance.now();
    }
  }
  return { lines, blank, cut, oddTimes, badBytes, problem, formats: reader.formats() };
}

/** A file that can't be read to its end is told like one that ends early: what came before counts. */
async function* untilFailure(
  chunks: AsyncIterable<Buffer>,
  onProblem: (problem: string) => void,
): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    onProblem(messageOf(error));
  }
}
