import { setImmediate as tick } from "node:timers/promises";

import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { dayFiles } from "./day-files.ts";
import type { OpenSpan, SpanSink } from "./record-spans.ts";
import { spanLine } from "./span-line.ts";

export interface TraceFilesOptions {
  /** Made when there is something to write, for this user only. */
  readonly folder: string;
  readonly redact: (text: string) => string;
  /** Days that are kept. Default 7. */
  readonly keepDays?: number;
  /** Bytes that all files together take. Default 100 MB. */
  readonly maxBytes?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Spans as lines of JSON in a file per day. Disposing writes what waits. */
export interface TraceFiles extends SpanSink, AsyncDisposable {}

/**
 * It never holds up or fails the work that it is told of: lines wait in a bounded queue and are written by the way, and what
 * a disk does not take is gone, with one line in the log. A span that is still open when others are written is written
 * as such, so that what hangs, or was killed, is seen. It does nothing, and has no timer, while nothing happens.
 */
export function traceFiles({
  folder,
  redact,
  keepDays = 7,
  maxBytes = 100_000_000,
  clock,
  log,
}: TraceFilesOptions): TraceFiles {
  const files = dayFiles({ folder, keepDays, maxBytes, clock });
  const ending = new AbortController();
  /** Begun, and not written yet. */
  const begun = new Set<OpenSpan>();
  let ended: OpenSpan[] = [];
  let dropped = 0;
  let failingSince: number | undefined;
  let waiting: Promise<void> | undefined;

  const soon = (): void => {
    waiting ??= clock
      .sleep(flushMs, { signal: ending.signal })
      .catch(() => {}) // It ends: at once, then.
      .then(write)
      .finally(() => {
        waiting = undefined;
        if (begun.size + ended.length > 0) soon();
      });
  };

  const write = async (): Promise<void> => {
    const spans = [...begun, ...ended];
    begun.clear();
    ended = [];
    if (failingSince !== undefined && clock.now() - failingSince < retryMs) return;
    try {
      // In pieces, because taking secrets out takes time that others wait for.
      for (let at = 0; at < spans.length; at += pieceSpans) {
        const lines = spans.slice(at, at + pieceSpans).map((span) => spanLine(span, redact));
        await files.append(lines.join(""));
        await tick();
      }
      if (dropped > 0) log.warn({ spans: dropped }, "Spans came faster than they were written");
      dropped = 0;
      failingSince = undefined;
    } catch (error) {
      if (failingSince === undefined)
        log.warn({ folder, error: messageOf(error) }, "Traces can't be written");
      failingSince = clock.now();
    }
  };

  return {
    begun(span) {
      if (begun.size < maxWaiting) begun.add(span);
      soon();
    },
    ended(span) {
      begun.delete(span);
      if (ended.length < maxWaiting) ended.push(span);
      else dropped += 1;
      soon();
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      do await waiting;
      while (begun.size + ended.length > 0);
    },
  };
}

const flushMs = 250;
const maxWaiting = 4096;
const pieceSpans = 128;
const retryMs = 60_000;
