import { isOpsthreadError, messageOf } from "./errors.ts";
import type { ToolCall } from "./tool-result.ts";

/** What is timed. A turn has steps, a step a model call and tool calls, a tool call commands and tasks in its sandbox. */
export type SpanName =
  | "receive"
  | "turn"
  | "step"
  | "model"
  | "tool"
  | "sandbox-open"
  | "sandbox-exec"
  | "sandbox-task"
  | "post";

/** Ids, names, counts. Never what was said or read: that is {@link Said}. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/** What was said. Kept only where that was asked for. */
export interface Said {
  readonly input?: readonly Spoken[];
  readonly output?: readonly Spoken[];
  readonly arguments?: string;
  readonly result?: string;
}

export interface Spoken {
  readonly role: "user" | "assistant" | "tool" | "system";
  readonly text: string;
  readonly calls?: readonly ToolCall[];
}

/** Something that takes time. Nothing of it throws: work never fails because it is watched. */
export interface Span extends Disposable {
  /** What it is known by in other processes and in OpenTelemetry, as W3C writes it. Undefined when nobody watches. */
  readonly traceparent: string | undefined;
  child(name: SpanName, facts?: Facts): Span;
  set(facts: Facts): void;
  event(name: string, facts?: Facts): void;
  /** `tell` is called only where content is kept. */
  content(tell: () => Said): void;
  /** It did not do what it was for. `type` is one of few; `message` is for people. The first failure is the one that counts. */
  fail(type: string, message?: string): void;
  /** Runs `work` so that what it tells OpenTelemetry by itself is part of this span. */
  run<T>(work: () => T): T;
}

/** Tells spans to whoever watches: `observe/` has the drivers. */
export interface Tracer {
  /** Begins a trace; with `parent`, a {@link Span.traceparent}, goes on with that one. `links` are others that led to it. */
  start(
    name: SpanName,
    facts: Facts,
    options?: { readonly parent?: string | undefined; readonly links?: readonly string[] },
  ): Span;
}

/** Nobody watches. The default everywhere. */
export const noSpan: Span = {
  traceparent: undefined,
  child: () => noSpan,
  set: () => {},
  event: () => {},
  content: () => {},
  fail: () => {},
  run: (work) => work(),
  [Symbol.dispose]: () => {},
};

export const noTracer: Tracer = { start: () => noSpan };

/** What went wrong, by its code. */
export function failSpan(span: Span, error: unknown): void {
  const type = isOpsthreadError(error) ? error.code : error instanceof Error ? error.name : "Error";
  span.fail(type, messageOf(error));
}

/** The parts of a traceparent. Undefined for what is none: it may come from a stored record. */
export function parseTraceparent(
  text: string | undefined,
): { readonly traceId: string; readonly spanId: string; readonly flags: number } | undefined {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}
