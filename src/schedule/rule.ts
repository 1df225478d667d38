import { Cron } from "croner";

import type { Schedule } from "../core/schedule.ts";

type Timed = Pick<Schedule, "cron" | "timezone">;

/** The times of a rule. All are milliseconds since the epoch. */
export interface Rule {
  /** The first one after `at`; undefined when there is none. */
  next(at: number): number | undefined;
  /** The last one up to and with `at`. */
  last(at: number): number | undefined;
}

/** Two rules with the same text have the same times. */
export const ruleText = ({ cron, timezone }: Timed): string => `${cron} ${timezone}`;

/**
 * Reads rules. Each takes some 80 kB and a third of a millisecond, so only those that were used last are kept: with thousands of
 * schedules it is enough to know when each comes next.
 *
 * What summer time does is Vixie cron's rule: https://manpages.debian.org/cron#NOTES
 */
export function createRules(): (timed: Timed) => Rule {
  const kept = new Map<string, Rule>();
  return (timed) => {
    const text = ruleText(timed);
    const rule = kept.get(text) ?? readRule(timed);
    kept.delete(text);
    kept.set(text, rule);
    const [oldest] = kept.keys();
    if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
    return rule;
  };
}

const maxKept = 50;

/** @throws {TypeError} or {RangeError} for what can't be read */
export function readRule({ cron, timezone }: Timed): Rule {
  const times = new Cron(cron, {
    mode: "5-part",
    timezone,
    fixedTimeRule: "no-wildcard",
    paused: true,
  });
  // Many schedules share a rule, and ask the same.
  let asked: { readonly at: number; readonly next: number | undefined } | undefined;
  return {
    next(at) {
      if (asked?.at !== at) asked = { at, next: times.nextRun(new Date(at))?.getTime() };
      return asked.next;
    },
    last: (at) => times.previousRuns(1, new Date(at + 1))[0]?.getTime(),
  };
}
