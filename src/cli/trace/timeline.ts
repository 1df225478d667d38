import { visibleLabel } from "../../adapters/text/control.ts";
import { paint } from "../../adapters/text/paint.ts";
import type { SpanRecord } from "../../observe/span-record.ts";
import { cost, describeEvent, describeSpan, duration, tokens } from "./describe.ts";
import type { SpanNode, TracedTurn } from "./turn-spans.ts";

export interface Timeline {
  readonly session: string;
  readonly turn: number;
  readonly traced: TracedTurn;
}

/** A turn as lines: when each thing began, how long it took, and where in the turn that was. */
export function renderTimeline(
  { session, turn, traced }: Timeline,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const { bold, dim, yellow } = paint(color);
  const rows = rowsOf(traced);
  const [first] = traced.attempts;
  const from = first?.span.startedAt ?? 0;
  const until = Math.max(from + 1, ...rows.map(({ at, ms = 0 }) => at + ms));
  const lines = rows.map(({ at, ms, isOpen, isFailed, label }) => {
    const time = ms === undefined ? (isOpen ? "open" : "") : duration(ms);
    const bar = barOf(at - from, ms ?? (isOpen ? until - at : undefined), until - from);
    const start = `${offset(at - from).padStart(9)}  ${time.padStart(9)}  ${bar}  `;
    const fits =
      label.length > width - start.length
        ? `${label.slice(0, Math.max(20, width - start.length - 1))}…`
        : label;
    return start + (isFailed ? yellow(fits) : ms === undefined && !isOpen ? dim(fits) : fits);
  });
  return [bold(visibleLabel(headOf({ session, turn, traced }))), ...lines, ""].join("\n");
}

interface Row {
  readonly at: number;
  readonly ms?: number | undefined;
  readonly isOpen: boolean;
  readonly isFailed: boolean;
  readonly label: string;
}

function rowsOf({ received, attempts }: TracedTurn): readonly Row[] {
  const last = attempts.findLast(({ span }) => span.name === "turn");
  return [
    ...received.map((span) => rowOf(span, "")),
    ...attempts.flatMap((node) => treeRows(node, { lead: "", tail: "", isLast: node === last })),
  ];
}

/** A span, and in the order of time what happened in it and what is below it. */
function treeRows(
  { span, children }: SpanNode,
  {
    lead,
    tail,
    isLast,
  }: { readonly lead: string; readonly tail: string; readonly isLast: boolean },
): readonly Row[] {
  const row = rowOf(span, lead);
  // Another process has taken the turn up since.
  const own =
    row.isOpen && !isLast ? { ...row, isOpen: false, label: `${row.label}  cut off` } : row;
  const events = span.events.flatMap((event) => {
    const at = span.startedAt + event.at;
    const words = describeEvent(event);
    if (words === undefined) return [];
    return [
      {
        at,
        rows: [{ at, isOpen: false, isFailed: false, label: `${tail}· ${visibleLabel(words)}` }],
      },
    ];
  });
  const below = children.map((child, index) => {
    const ends = index === children.length - 1;
    const within = { lead: `${tail}${ends ? "└ " : "├ "}`, tail: `${tail}${ends ? "  " : "│ "}` };
    return { at: child.span.startedAt, rows: treeRows(child, { ...within, isLast }) };
  });
  const inOrder = [...events, ...below].toSorted((a, b) => a.at - b.at);
  return [own, ...inOrder.flatMap(({ rows }) => rows)];
}

const rowOf = (span: SpanRecord, lead: string): Row => ({
  at: span.startedAt,
  ms: span.ms,
  isOpen: span.ms === undefined,
  isFailed: span.status === "failed",
  label: lead + describeSpan(span).map(visibleLabel).join("  "),
});

function headOf({ session, turn, traced: { attempts } }: Timeline): string {
  const turns = attempts.filter(({ span }) => span.name === "turn").map(({ span }) => span);
  const last = turns.at(-1);
  if (!last) return `${session}, turn ${turn}`;
  const { facts, ms, startedAt, traceId } = last;
  const began = turns[0]?.startedAt ?? startedAt;
  const state =
    ms === undefined
      ? "not ended: it still runs, or its process is gone"
      : `${String(facts["outcome"] ?? "ended")} after ${duration(startedAt + ms - began)}`;
  const when = new Date(began).toISOString().replace("T", " ").slice(0, 19);
  const parts = [
    `${session}, turn ${turn}`,
    `${when} UTC`,
    state,
    turns.length > 1 ? `${turns.length} attempts` : "",
    tokens(facts),
    cost(facts),
    `trace ${traceId}`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

const offset = (ms: number): string => (ms < 0 ? `-${duration(-ms)}` : duration(ms));

const barWidth = 20;

/** Where in the whole it lies. What has no length has no bar. */
function barOf(at: number, ms: number | undefined, whole: number): string {
  if (ms === undefined || at + ms < 0) return " ".repeat(barWidth);
  const start = Math.min(barWidth - 1, Math.floor((Math.max(0, at) / whole) * barWidth));
  const length = Math.max(1, Math.min(barWidth - start, Math.round((ms / whole) * barWidth)));
  return `${" ".repeat(start)}${"━".repeat(length)}`.padEnd(barWidth);
}
