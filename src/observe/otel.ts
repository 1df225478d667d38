import {
  type Context,
  context,
  type Link,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";

import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import {
  type Facts,
  noSpan,
  parseTraceparent,
  type Span,
  type SpanName,
  type Tracer,
} from "../core/trace.ts";
import { attributesOf, beginAttributes, contentAttributes, otelName } from "./genai.ts";

export interface OtelOptions {
  readonly redact: (text: string) => string;
  /** Whether what was said is told, too. */
  readonly content: boolean;
  readonly log: Logger;
}

/** Tells spans to the OpenTelemetry SDK that the process has registered. Without one it costs next to nothing. */
export function otelTracer({ redact, content, log }: OtelOptions): Tracer {
  const tracer = trace.getTracer("opsthread");
  /** A span processor is anybody's code, and is called as the span begins and ends. */
  const quietly = <T>(tell: () => T, otherwise: T): T => {
    try {
      return tell();
    } catch (error) {
      log.warn({ error: messageOf(error) }, "OpenTelemetry did not take a span");
      return otherwise;
    }
  };

  const begin = (
    name: SpanName,
    facts: Facts,
    { base, links = [] }: { readonly base: Context; readonly links?: readonly Link[] },
  ): Span => {
    const clean = cleaned(facts, redact);
    const span = tracer.startSpan(
      otelName(name, clean),
      { kind: kinds[name], attributes: beginAttributes(name, clean), links: [...links] },
      base,
    );
    const inside = trace.setSpan(base, span);
    return span.isRecording() ? recorded(span, inside) : sampledOut(inside, traceparentOf(span));
  };

  const recorded = (span: OtelSpan, inside: Context): Span => {
    let hasFailed = false;
    const set = (facts: Facts): void =>
      quietly(() => void span.setAttributes(attributesOf(cleaned(facts, redact))), undefined);
    return {
      traceparent: traceparentOf(span),
      child: (name, facts = {}) => quietly(() => begin(name, facts, { base: inside }), noSpan),
      set,
      event: (name, facts = {}) =>
        quietly(() => void span.addEvent(name, attributesOf(cleaned(facts, redact))), undefined),
      content(tell) {
        if (!content) return;
        quietly(() => void span.setAttributes(contentAttributes(tell(), redact)), undefined);
      },
      fail(type, message) {
        if (hasFailed) return;
        hasFailed = true;
        set({ errorType: type });
        const status = { code: SpanStatusCode.ERROR, ...(message && { message: redact(message) }) };
        quietly(() => void span.setStatus(status), undefined);
      },
      run: (work) => context.with(inside, work),
      [Symbol.dispose]: () => quietly(() => span.end(), undefined),
    };
  };

  return {
    start(name, facts, { parent, links = [] } = {}) {
      if (!isRegistered()) return noSpan;
      // A message arrives inside of whatever the adapter's library is traced with; a turn begins something of its own,
      // whichever request happened to wake it.
      const around = name === "receive" ? context.active() : ROOT_CONTEXT;
      const base = remote(around, parent);
      return quietly(() => begin(name, facts, { base, links: links.flatMap(linkTo) }), noSpan);
    },
  };
}

/** Also when it was registered after the bot was built. */
function isRegistered(): boolean {
  const provider = trace.getTracerProvider();
  if (!(provider instanceof ProxyTracerProvider)) return true;
  return provider.getDelegateTracer("opsthread") !== undefined;
}

/** What runs inside must know that it is part of a trace that nobody wants, instead of beginning its own. */
function sampledOut(inside: Context, traceparent: string | undefined): Span {
  return {
    ...noSpan,
    traceparent,
    child: () => sampledOut(inside, undefined),
    run: (work) => context.with(inside, work),
  };
}

function traceparentOf(span: OtelSpan): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const text = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  return parseTraceparent(text) && text;
}

function remote(base: Context, traceparent: string | undefined): Context {
  const parent = parseTraceparent(traceparent);
  if (!parent) return base;
  const { flags, ...ids } = parent;
  return trace.setSpanContext(base, { ...ids, traceFlags: flags, isRemote: true });
}

function linkTo(traceparent: string): readonly Link[] {
  const parsed = parseTraceparent(traceparent);
  if (!parsed) return [];
  const { flags, ...ids } = parsed;
  return [{ context: { ...ids, traceFlags: flags, isRemote: true } }];
}

/** Texts without secrets, whoever gave them their names: a model makes up a tool, a person calls a file by a token. */
function cleaned(facts: Facts, redact: (text: string) => string): Facts {
  const clean: Record<string, Facts[string]> = {};
  for (const [key, value] of Object.entries(facts))
    clean[key] = typeof value === "string" ? redact(value) : value;
  return clean;
}

const kinds: Readonly<Record<SpanName, SpanKind>> = {
  receive: SpanKind.CONSUMER,
  turn: SpanKind.INTERNAL,
  step: SpanKind.INTERNAL,
  model: SpanKind.CLIENT,
  tool: SpanKind.INTERNAL,
  "sandbox-open": SpanKind.INTERNAL,
  "sandbox-exec": SpanKind.INTERNAL,
  "sandbox-task": SpanKind.INTERNAL,
  post: SpanKind.PRODUCER,
};
