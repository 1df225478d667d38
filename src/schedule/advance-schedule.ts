import type { Logger } from "../core/logger.ts";
import type { Schedule, ScheduleRecord, ScheduleResult } from "../core/schedule.ts";
import type { Store } from "../store/store.ts";
import { beginRun, type BeginOptions } from "./begin-run.ts";
import { begin, decide, dueAt, isDue } from "./decide.ts";
import { outcomeOf } from "./outcome.ts";
import type { Rule } from "./rule.ts";
import type { Entry, Table } from "./table.ts";

export interface AdvanceScheduleOptions extends BeginOptions {
  readonly store: Pick<Store, "session" | "posts">;
  readonly table: Table;
  readonly ruleOf: (schedule: Schedule) => Rule;
  readonly log: Logger;
  /** Names this process in claims. */
  readonly holder: string;
}

/** When a run that goes is looked at next, and how often it was. Only this process knows it. */
export interface Looks {
  /** Which run it is. */
  fireAt: number;
  at: number;
  count: number;
}

/** When there is something to do for a schedule next. */
export function nextTime(
  { schedule, record }: Pick<Entry, "schedule" | "record">,
  looks: Looks,
): number {
  const { run, queued, nextAt, paused } = record;
  const times = [
    run?.begin?.until ?? Infinity,
    run && !run.begin ? (run.fireAt === looks.fireAt ? looks.at : 0) : Infinity,
    !paused && !run && queued.length > 0 ? 0 : Infinity,
    !paused && nextAt !== undefined ? dueAt(schedule, nextAt) : Infinity,
  ];
  return Math.min(...times);
}

/**
 * Does for one schedule all that is to be done now. Each step is one write over the version that it follows from, so that of
 * several processes one takes it.
 */
export async function advanceSchedule(
  entry: Entry,
  looks: Looks,
  options: AdvanceScheduleOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { table, ruleOf, clock, holder, log } = options;
  const { id, schedule } = entry;
  while (!signal.aborted && table.entries.get(id) === entry) {
    const { record } = entry;
    const { run } = record;
    const now = clock.now();
    const taker = { holder, now, claimMs };

    if (run?.begin && run.begin.until <= now) {
      const attempt = run.begin.attempt + 1;
      const claim = { holder, until: now + claimMs, attempt, since: run.begin.since ?? now };
      const taken = { ...record, run: { ...run, begin: claim } };
      if (await table.write(entry, taken)) await say(entry, run.begin.since, options, { signal });
      continue;
    }
    if (run && looks.fireAt !== run.fireAt)
      Object.assign(looks, { fireAt: run.fireAt, at: 0, count: 0 });
    if (run && !run.begin && (looks.at <= now || isDue(schedule, record, now))) {
      const outcome = await outcomeOf(run, options.store);
      looks.count += 1;
      looks.at = now + Math.min(firstLookMs * 3 ** looks.count, maxLookMs);
      if (outcome) {
        await end(entry, outcome, options);
        continue;
      }
    }
    if (record.paused) return;

    const [first, ...queued] = record.queued;
    const rule = ruleOf(schedule);
    const decided =
      !run && first !== undefined
        ? begin(schedule, { ...record, queued }, { fireAt: first, ...taker })
        : decide(schedule, record, { ...taker, rule });
    if (!decided) return;
    if (!(await table.write(entry, decided))) continue;
    tellPassed(id, record, { decided, log });
    if (run || !decided.run) continue;
    // One that the clock went back before is known to have been.
    const { fireAt } = decided.run;
    const since = (record.last?.fireAt ?? 0) >= fireAt ? fireAt : undefined;
    await say(entry, since, options, { signal });
    Object.assign(looks, { fireAt, at: clock.now() + firstLookMs, count: 0 });
  }
}

/** Longer than opening a thread may take. A process that dies has its runs taken over so much later. */
const claimMs = 30_000;
const firstLookMs = 2000;
const maxLookMs = 30_000;
const maxAttempts = 10;
/** 1 s, 2 s, 4 s, … up to two minutes. */
const backoffMs = (attempt: number): number => Math.min(1000 * 2 ** (attempt - 1), 120_000);

/** Says what a claimed run says, and notes that it was. */
async function say(
  entry: Entry,
  since: number | undefined,
  options: AdvanceScheduleOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { table, clock, log } = options;
  const { id, schedule, record } = entry;
  const { run } = record;
  if (!run?.begin) return;
  const known = schedule.thread === "same" ? record.thread : undefined;
  const begun = await beginRun(schedule, run, { ...options, thread: known, since, signal });
  const { fireAt, messageId, begin: claim } = run;
  const now = clock.now();
  if (begun.type === "said") {
    const { thread } = begun;
    log.info({ schedule: id, fireAt, lateMs: now - dueAt(schedule, fireAt) }, "A schedule runs");
    const kept = schedule.thread === "same" && { thread };
    const said = { fireAt, messageId, thread, startedAt: now };
    await table.write(entry, { ...record, ...kept, run: said });
    return;
  }
  const { reason } = begun;
  if (begun.type === "refused" || claim.attempt >= maxAttempts)
    return await end(entry, { type: "failed", reason }, options);
  const wait = begun.afterMs ?? backoffMs(claim.attempt);
  log.warn({ schedule: id, fireAt, attempt: claim.attempt, reason }, "A schedule is tried again");
  const { since: _, ...rest } = claim;
  const unsure = begun.isSure ? since : (since ?? claim.since);
  const again = { ...rest, until: now + wait, ...(unsure !== undefined && { since: unsure }) };
  await table.write(entry, { ...record, run: { ...run, begin: again } });
}

/** Notes how a run ended. A failure is told, whatever else is: where there is a thread, its turn has told it there. */
async function end(
  entry: Entry,
  outcome: ScheduleResult["outcome"],
  { table, clock, log }: AdvanceScheduleOptions,
): Promise<void> {
  const { id, record } = entry;
  const { run, ...rest } = record;
  if (!run) return;
  const { fireAt, thread } = run;
  const last = { fireAt, endedAt: clock.now(), outcome, ...(thread && { thread }) };
  if (!(await table.write(entry, { ...rest, last }))) return;
  if (outcome.type === "delivered")
    log.info({ schedule: id, fireAt, messageId: outcome.messageId }, "A schedule's run ended");
  else log.error({ schedule: id, fireAt, reason: outcome.reason }, "A schedule's run failed");
}

function tellPassed(
  id: string,
  { passed: before }: ScheduleRecord,
  {
    decided: { passed },
    log,
  }: { readonly decided: ScheduleRecord; readonly log: AdvanceScheduleOptions["log"] },
): void {
  if (!passed || passed === before) return;
  log.warn({ schedule: id, ...passed }, "A schedule did not run");
}
