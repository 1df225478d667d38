import { hash } from "node:crypto";

import type { Schedule, ScheduleRecord } from "../core/schedule.ts";
import type { Rule } from "./rule.ts";

/** Who takes a run, and until when it is nobody else's. */
export interface Taker {
  readonly holder: string;
  readonly now: number;
  readonly claimMs: number;
}

/** So late a run may begin without having been missed: a bot that is restarted runs what came due meanwhile. */
export const graceMs = 60_000;
/** So many runs wait for the one before. */
export const maxQueued = 20;

/** When a run begins: as late as its jitter says, which is the same wherever it is asked. */
export function dueAt({ id, jitterMs }: Schedule, fireAt: number): number {
  if (jitterMs === 0) return fireAt;
  const digest = hash("sha256", `jitter ${id} ${fireAt}`, "buffer");
  return fireAt + Math.floor((digest.readUInt32BE(0) / 2 ** 32) * jitterMs);
}

export const isDue = (
  schedule: Schedule,
  { nextAt, paused }: ScheduleRecord,
  now: number,
): boolean => !paused && nextAt !== undefined && dueAt(schedule, nextAt) <= now;

/**
 * Decides on what is due: the record with the run begun, queued or passed over; undefined when nothing is. One run at a time:
 * there may be more.
 */
export function decide(
  schedule: Schedule,
  record: ScheduleRecord,
  { rule, ...taker }: Taker & { readonly rule: Rule },
): ScheduleRecord | undefined {
  const { now } = taker;
  const first = record.nextAt;
  if (first === undefined || !isDue(schedule, record, now)) return undefined;
  const isLate = (fireAt: number): boolean => now - dueAt(schedule, fireAt) > graceMs;
  const latest = isLate(first) ? latestDue(schedule, { first, now, rule }) : first;
  const runs = !isLate(latest) || schedule.missed === "once";
  const decided = { ...record, nextAt: rule.next(latest), decidedAt: now };
  const count = countBetween(first, latest, rule) + (runs ? 0 : 1);
  const passed =
    count > 0 ? { passed: { fireAt: lastPassed(latest, runs, rule), why: missed, count } } : {};
  const left = { ...decided, ...passed };
  return runs ? take(schedule, left, { fireAt: latest, ...taker }) : left;
}

const missed = "missed" as const;
const maxCounted = 100;

/** The last one that is due by now, `first` at least. */
function latestDue(
  schedule: Schedule,
  { first, now, rule }: { readonly first: number; readonly now: number; readonly rule: Rule },
): number {
  for (let at = now; at > first; at -= 1) {
    const last = rule.last(at);
    if (last === undefined || last <= first) return first;
    if (dueAt(schedule, last) <= now) return last;
    at = last;
  }
  return first;
}

/** How many there are from `first` on, before `latest`. Counting ends at some point. */
function countBetween(first: number, latest: number, rule: Rule): number {
  let count = 0;
  for (let at: number | undefined = first; at !== undefined && at < latest; at = rule.next(at)) {
    count += 1;
    if (count >= maxCounted) break;
  }
  return count;
}

const lastPassed = (latest: number, runs: boolean, rule: Rule): number =>
  runs ? (rule.last(latest - 1) ?? latest) : latest;

/** Begins a run, or does what the schedule says where the one before still goes. */
function take(
  schedule: Schedule,
  record: ScheduleRecord,
  { fireAt, ...taker }: Taker & { readonly fireAt: number },
): ScheduleRecord {
  const { run, queued, passed, last } = record;
  if (!run && queued.length === 0) return begin(schedule, record, { fireAt, ...taker });
  if (schedule.overlap === "queue" && queued.length < maxQueued)
    return { ...record, queued: [...queued, fireAt] };
  const before =
    passed?.why === "overlap" && passed.fireAt > (last?.fireAt ?? 0) ? passed.count : 0;
  return { ...record, passed: { fireAt, why: "overlap", count: before + 1 } };
}

/** The record with the run claimed. Whoever writes it first has it. */
export function begin(
  { id }: Schedule,
  record: ScheduleRecord,
  { fireAt, holder, now, claimMs }: Taker & { readonly fireAt: number },
): ScheduleRecord {
  const claim = { holder, until: now + claimMs, attempt: 1, since: now };
  return { ...record, run: { fireAt, messageId: messageIdOf(id, fireAt), begin: claim } };
}

const messageIdOf = (id: string, fireAt: number): string => `schedule:${id}:${fireAt}`;
