import type { SpanRecord } from "../../observe/span-record.ts";

/** What is known of one turn: its attempts with all that is below them, and the messages that led to it. */
export interface TracedTurn {
  readonly received: readonly SpanRecord[];
  /** In the order in which they began. A later one took up what an earlier one left, or had to leave. */
  readonly attempts: readonly SpanNode[];
}

export interface SpanNode {
  readonly span: SpanRecord;
  readonly children: readonly SpanNode[];
}

/** The latest record of each span. */
export async function collectTurn(
  spans: AsyncIterable<SpanRecord>,
  { session, turn }: { readonly session: string; readonly turn: number },
): Promise<TracedTurn> {
  const received = new Map<string, SpanRecord>();
  const ofTurn = new Map<string, SpanRecord>();
  for await (const span of spans) {
    const { facts, spanId, name } = span;
    if (facts["session"] !== session) continue;
    if (name === "receive") received.set(spanId, span);
    else if (facts["turn"] === turn) ofTurn.set(spanId, span);
  }
  const all = [...ofTurn.values()].toSorted((a, b) => a.startedAt - b.startedAt);
  const tops = all.filter((span) => span.name === "turn");
  const links = new Set(tops.flatMap((span) => span.links.map((link) => link.split("-")[2])));
  const attempts = tops.map((span) => nodeOf(span, all));
  const placed = new Set(attempts.flatMap(idsIn));
  // What lost its parent to a crash, or to a file that is gone, is shown all the same.
  const lost = all.filter(({ spanId }) => !placed.has(spanId));
  return {
    received: [...received.values()].filter(({ spanId }) => links.has(spanId)),
    attempts: [...attempts, ...lost.map((span) => ({ span, children: [] }))],
  };
}

function nodeOf(span: SpanRecord, all: readonly SpanRecord[]): SpanNode {
  const below = all.filter(({ parentId, name }) => parentId === span.spanId && name !== "turn");
  return { span, children: below.map((child) => nodeOf(child, all)) };
}

const idsIn = ({ span, children }: SpanNode): readonly string[] => [
  span.spanId,
  ...children.flatMap(idsIn),
];
