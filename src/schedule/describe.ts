import type { Schedule } from "../core/schedule.ts";
import { dueAt } from "./decide.ts";
import type { KnownSchedule } from "./manage.ts";
import { readRule } from "./rule.ts";

/** A time as the schedule's zone has it: `2026-11-27 09:00 Europe/Berlin`. */
export function timeText(at: number, { timezone }: Pick<Schedule, "timezone">): string {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "short",
  });
  return `${parts.format(at)} ${timezone}`;
}

/** The next times of its rule after `now`, as many as asked for. With jitter a run begins later. */
export function nextTimes(
  { schedule, record }: Pick<KnownSchedule, "schedule" | "record">,
  { now, count }: { readonly now: number; readonly count: number },
): readonly number[] {
  const rule = readRule(schedule);
  const times: number[] = [];
  let next = record?.nextAt ?? rule.next(now);
  while (next !== undefined && times.length < count) {
    times.push(dueAt(schedule, next));
    next = rule.next(next);
  }
  return times;
}

/** When it runs next. */
export function nextText({ schedule, record }: KnownSchedule, now: number): string {
  if (record?.paused === true) return "paused";
  const [next] = nextTimes({ schedule, record }, { now, count: 1 });
  return next === undefined ? "never" : timeText(next, schedule);
}

/** How it stands: what runs, how the last run ended, and what was not run. */
export function stateText({ schedule, record }: KnownSchedule): string {
  if (!record) return "not seen by a bot yet";
  const { run, queued, last, passed } = record;
  const time = (at: number): string => timeText(at, schedule);
  const parts = [
    ...(run?.begin
      ? [`beginning${run.begin.attempt > 1 ? `, try ${run.begin.attempt}` : ""}`]
      : []),
    ...(run?.startedAt === undefined ? [] : [`running since ${time(run.startedAt)}`]),
    ...(queued.length > 0 ? [`${queued.length} waiting`] : []),
    ...(last?.outcome.type === "delivered"
      ? [`delivered ${time(last.endedAt)} as ${last.outcome.messageId}`]
      : []),
    ...(last?.outcome.type === "failed"
      ? [`failed ${time(last.endedAt)}: ${last.outcome.reason}`]
      : []),
    ...(passed && passed.fireAt > (last?.fireAt ?? 0)
      ? [`${passed.count} not run (${whys[passed.why]}), latest ${time(passed.fireAt)}`]
      : []),
  ];
  return parts.join("; ") || "has not run yet";
}

const whys = { overlap: "the one before was not over", missed: "missed" } as const;
