import { randomBytes } from "node:crypto";

import type { Clock } from "../core/clock.ts";
import {
  type Facts,
  parseTraceparent,
  type Said,
  type Span,
  type SpanName,
  type Tracer,
} from "../core/trace.ts";

/** A span that is being recorded. What it holds is as it was told: secrets come out where it is written. */
export interface OpenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
  readonly name: SpanName;
  readonly startedAt: number;
  readonly links: readonly string[];
  readonly facts: Record<string, string | number | boolean>;
  readonly events: { readonly name: string; readonly at: number; readonly facts: Facts }[];
  content: Said;
  error?: { readonly type: string; readonly message?: string };
  ms?: number;
}

/** Told of a span when it begins and when it has ended. */
export interface SpanSink {
  begun(span: OpenSpan): void;
  ended(span: OpenSpan): void;
}

export interface RecordOptions {
  /** Told the same; where it has ids of its own they are used, so that a trace is found in both. */
  readonly inner: Tracer;
  readonly sink: SpanSink;
  /** Whether what was said is recorded, too. */
  readonly content: boolean;
  readonly clock: Clock;
}

/** Passes spans on, and gives them to a sink. A span's session and turn are also those of what is below it. */
export function recordSpans({ inner, sink, content, clock }: RecordOptions): Tracer {
  const begin = (name: SpanName, facts: Facts, place: Place): Span => {
    const span: OpenSpan = {
      ...idsOf(place),
      name,
      startedAt: clock.now(),
      links: place.links ?? [],
      facts: {},
      events: [],
      content: {},
    };
    setFacts(span, facts);
    sink.begun(span);
    return recorded(span, place.inner);
  };

  const recorded = (span: OpenSpan, other: Span): Span => ({
    traceparent: other.traceparent ?? `00-${span.traceId}-${span.spanId}-01`,
    child(name, facts = {}) {
      const { session, turn } = span.facts;
      const all = { session, turn, ...facts };
      return begin(name, all, { above: span, inner: other.child(name, all) });
    },
    set(facts) {
      other.set(facts);
      setFacts(span, facts);
    },
    event(name, facts = {}) {
      other.event(name, facts);
      if (span.events.length < maxEvents)
        span.events.push({ name, at: clock.now() - span.startedAt, facts });
    },
    content(tell) {
      other.content(tell);
      if (content) span.content = { ...span.content, ...tell() };
    },
    fail(type, message) {
      other.fail(type, message);
      span.error ??= { type, ...(message !== undefined && { message }) };
    },
    run: (work) => other.run(work),
    [Symbol.dispose]() {
      if (span.ms !== undefined) return;
      span.ms = Math.max(0, clock.now() - span.startedAt);
      other[Symbol.dispose]();
      sink.ended(span);
    },
  });

  return {
    start(name, facts, options = {}) {
      const { parent, links = [] } = options;
      return begin(name, facts, { parent, links, inner: inner.start(name, facts, options) });
    },
  };
}

/** Where a span belongs. */
interface Place {
  readonly inner: Span;
  readonly above?: OpenSpan;
  readonly parent?: string | undefined;
  readonly links?: readonly string[];
}

function idsOf({ inner, above, parent }: Place): Pick<OpenSpan, "traceId" | "spanId" | "parentId"> {
  const own = parseTraceparent(inner.traceparent);
  const remote = parseTraceparent(parent);
  const spanId = own?.spanId ?? randomBytes(8).toString("hex");
  const traceId =
    above?.traceId ?? own?.traceId ?? remote?.traceId ?? randomBytes(16).toString("hex");
  const parentId = above?.spanId ?? remote?.spanId;
  return { traceId, spanId, ...(parentId !== undefined && { parentId }) };
}

function setFacts({ facts }: OpenSpan, more: Facts): void {
  for (const [key, value] of Object.entries(more)) if (value !== undefined) facts[key] = value;
}

/** Of one span; a turn that is steered for hours keeps the first ones. */
const maxEvents = 128;
