import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";

import type { Clock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/logger.ts";
import type { Tracer } from "../../src/core/trace.ts";
import { otelTracer } from "../../src/observe/otel.ts";
import { type OpenSpan, recordSpans } from "../../src/observe/record-spans.ts";

/** Everything that is told of the work, by OpenTelemetry's own SDK and as it would be written. */
export interface Watch extends Disposable {
  readonly tracer: Tracer;
  readonly recorded: OpenSpan[];
  exported(): readonly ReadableSpan[];
}

export function watch({
  clock,
  content = false,
  redact = (text) => text,
  sampler,
  processor,
}: {
  readonly clock: Clock;
  readonly content?: boolean;
  readonly redact?: (text: string) => string;
  readonly sampler?: Sampler;
  readonly processor?: SpanProcessor;
}): Watch {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [processor ?? new SimpleSpanProcessor(exporter)],
    ...(sampler && { sampler }),
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const recorded: OpenSpan[] = [];
  const sink = { begun: (span: OpenSpan) => recorded.push(span), ended: () => {} };
  const inner = otelTracer({ redact, content, log: silentLogger });
  return {
    tracer: recordSpans({ inner, sink, content, clock }),
    recorded,
    exported: () => exporter.getFinishedSpans(),
    [Symbol.dispose]() {
      trace.disable();
      context.disable();
    },
  };
}

/** Spans as an outline: each below the one that it is part of, in the order in which they began. */
export function outline(
  spans: readonly OpenSpan[],
  parentId?: string,
  depth = 0,
): readonly string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return spans
    .filter((span) =>
      parentId === undefined ? !known.has(span.parentId ?? "") : span.parentId === parentId,
    )
    .flatMap((span) => [
      `${"  ".repeat(depth)}${labelOf(span)}`,
      ...outline(spans, span.spanId, depth + 1),
    ]);
}

function labelOf({ name, facts, error }: OpenSpan): string {
  const about = name === "tool" ? facts["tool"] : facts["outcome"];
  return [name, about, error && `! ${error.type}`].filter(Boolean).join(" ");
}
