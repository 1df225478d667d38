import { z } from "zod";

import { messageOf } from "../core/errors.ts";
import { grantWordOf } from "../core/grant-words.ts";
import type { ThreadRef } from "../core/ids.ts";
import { type Schedule, ScheduleShape } from "../core/schedule.ts";
import { readRule } from "./rule.ts";

/** One schedule, as people write it. */
export const ScheduleDefinition = ScheduleShape.superRefine((schedule, context) => {
  for (const [path, message] of problemsOf(schedule))
    context.addIssue({ code: "custom", path: [path], message });
});

/** Several, each with an id of its own. */
export const Schedules = z
  .array(ScheduleDefinition)
  .readonly()
  .superRefine((schedules, context) => {
    const ids = new Set<string>();
    for (const [index, { id }] of schedules.entries()) {
      if (ids.has(id))
        context.addIssue({
          code: "custom",
          path: [index, "id"],
          message: `Another schedule is called "${id}": expected an id that no other has`,
        });
      ids.add(id);
    }
  });

function problemsOf(schedule: Schedule): (readonly [keyof Schedule, string])[] {
  const { timezone, channel, message } = schedule;
  const problems: (readonly [keyof Schedule, string])[] = [];
  if (!isTimezone(timezone))
    problems.push([
      "timezone",
      `There is no time zone "${timezone}": expected an IANA name, as in "Europe/Berlin"`,
    ]);
  else {
    const problem = ruleProblem(schedule);
    if (problem !== undefined) problems.push(["cron", problem]);
  }
  if (!channelOf(channel))
    problems.push([
      "channel",
      `Cannot use "${channel}": expected platform:workspace:channel by id, as in "slack:T0123456:C0123456"`,
    ]);
  if (isForHarness(message))
    problems.push([
      "message",
      `Cannot say "${message}" by a schedule: only a person may decide or stop, expected something to do`,
    ]);
  return problems;
}

function ruleProblem(schedule: Schedule): string | undefined {
  const expected =
    'expected five fields (minute, hour, day, month, weekday), as in "0 9 * * 1-5", or "@daily"';
  try {
    // Some day of the month may only be there in a leap year, and a single time may have passed.
    if (readRule(schedule).next(Date.UTC(1970, 0, 2)) !== undefined) return undefined;
    return `"${schedule.cron}" never comes, ${expected}`;
  } catch (error) {
    const said = messageOf(error).replace(/^Cron\w+: /, "");
    // What it says of the number of fields is true of other kinds of rules.
    return `${/\bparts\b/.test(said) ? `Cannot use "${schedule.cron}"` : said}; ${expected}`;
  }
}

function isTimezone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== "";
  } catch {
    // That is how it says that there is no such zone.
    return false;
  }
}

/** The channel that a schedule is for; undefined for what is none. */
export function channelOf(text: string): Omit<ThreadRef, "thread"> | undefined {
  const parts = text.split(":");
  try {
    const [platform = "", workspace = "", channel = ""] = parts.map(decodeURIComponent);
    const isUsable = [platform, workspace, channel].every((part) => /^[^\s*]+$/.test(part));
    return parts.length === 3 && isUsable ? { platform, workspace, channel } : undefined;
  } catch {
    // A stray percent sign.
    return undefined;
  }
}

function isForHarness(text: string): boolean {
  if (/^\s*stop[.!]?\s*$/i.test(text)) return true;
  const thread = { platform: "", workspace: "", channel: "", thread: "" };
  const said = { id: "", thread, actor: { id: "", roles: [] }, attachments: [], sentAt: 0 };
  return grantWordOf({ ...said, kind: "command", text }) !== undefined;
}
