import { headTail } from "../core/output.ts";
import type { Facts } from "../core/trace.ts";
import { maxContentBytes } from "./genai.ts";
import type { OpenSpan } from "./record-spans.ts";
import type { SpanRecord } from "./span-record.ts";

/** A span as a line of a trace file: bounded, and without secrets. */
export function spanLine(span: OpenSpan, redact: (text: string) => string): string {
  const record = recordOf(span, (text, bytes) => headTail(redact(text), bytes));
  const line = `${JSON.stringify(record)}\n`;
  if (line.length <= maxLine) return line;
  const { content: _, ...rest } = record;
  const shorter = `${JSON.stringify({ ...rest, events: [] })}\n`;
  return shorter.length <= maxLine
    ? shorter
    : `${JSON.stringify({ ...rest, events: [], facts: {}, links: [] })}\n`;
}

/** First redacted, then cut: half a secret is not recognised. */
type Clean = (text: string, bytes: number) => string;

function recordOf(span: OpenSpan, clean: Clean): SpanRecord {
  const { traceId, spanId, parentId, name, startedAt, ms, error, facts, events, links } = span;
  const content = cleanDeep(span.content, clean);
  return {
    v: 1,
    traceId,
    spanId,
    ...(parentId !== undefined && { parentId }),
    name,
    startedAt,
    ...(ms !== undefined && { ms }),
    status: error ? "failed" : ms === undefined ? "running" : "ok",
    ...(error && { error: cleanError(error, clean) }),
    facts: cleanFacts(facts, clean),
    events: events.map((event) => ({ ...event, facts: cleanFacts(event.facts, clean) })),
    links,
    ...(isObject(content) && Object.keys(content).length > 0 && { content }),
  };
}

function cleanFacts(facts: Facts, clean: Clean): Record<string, string | number | boolean> {
  const all: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(facts))
    if (value !== undefined) all[key] = typeof value === "string" ? clean(value, 1024) : value;
  return all;
}

const cleanError = ({ type, message }: NonNullable<OpenSpan["error"]>, clean: Clean) => ({
  type: clean(type, 256),
  ...(message !== undefined && { message: clean(message, 2048) }),
});

function cleanDeep(value: unknown, clean: Clean): unknown {
  if (typeof value === "string") return clean(value, maxContentBytes);
  if (Array.isArray(value)) return value.map((member: unknown) => cleanDeep(member, clean));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, cleanDeep(member, clean)]),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const maxLine = 256 * 1024;
