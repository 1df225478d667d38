import { join } from "node:path";

import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Tracer } from "../core/trace.ts";
import { otelTracer } from "./otel.ts";
import { recordSpans } from "./record-spans.ts";
import { remembered } from "./remembered.ts";
import { traceFiles } from "./trace-files.ts";

/** What is told of the work, and where. */
export interface TracingOptions {
  /** Whether prompts, answers, arguments and outputs are told, without secrets. Default false: ids, counts and times. */
  readonly content?: boolean;
  /** The files that `opsthread trace` reads, in `traces/` of the data folder: `false` for none. */
  readonly files?:
    | false
    | {
        /** Default 7. */
        readonly keepDays?: number;
        /** Of all files together. Default 100 MB. */
        readonly maxBytes?: number;
      };
}

export interface Tracing extends AsyncDisposable {
  readonly tracer: Tracer;
}

/** Spans to the OpenTelemetry SDK of the process, where there is one, and to files. */
export function openTracing(
  { content = false, files = {} }: TracingOptions,
  {
    dataFolder,
    clock,
    log,
    ...given
  }: {
    readonly dataFolder: string;
    readonly redact: (text: string) => string;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Tracing {
  const redact = remembered(given.redact);
  const inner = otelTracer({ redact, content, log });
  if (files === false) return { tracer: inner, [Symbol.asyncDispose]: () => Promise.resolve() };
  const sink = traceFiles({ ...files, folder: join(dataFolder, "traces"), redact, clock, log });
  return {
    tracer: recordSpans({ inner, sink, content, clock }),
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}
