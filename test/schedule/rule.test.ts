import { expect, test } from "vitest";

import { createRules, readRule } from "../../src/schedule/rule.ts";

/** The times of a rule in Berlin, from then on, in UTC. */
function times(cron: string, from: string, count: number): readonly string[] {
  const rule = readRule({ cron, timezone: "Europe/Berlin" });
  const found: string[] = [];
  let at = Date.parse(from);
  while (found.length < count) {
    at = rule.next(at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(5, 16));
  }
  return found;
}

// The clocks go from 2:00 to 3:00 on March 29th, 2026, and from 3:00 to 2:00 on October 25th.
test.each([
  ["a time in the hour that is not there comes when the hour is over", "30 2 * * *"],
  ["of several times in that hour each day has one", "10,30 2 * * *"],
])("%s", (_, cron) => {
  expect(times(cron, "2026-03-28T12:00Z", 1)).toEqual(["03-29T01:00"]);
});

test("a time after that hour is where it is, once", () => {
  expect(times("0 2,3 * * *", "2026-03-28T12:00Z", 2)).toEqual(["03-29T01:00", "03-30T00:00"]);
});

test("what comes every so often goes on through the hour that is not there", () => {
  expect(times("*/30 * * * *", "2026-03-29T00:10Z", 3)).toEqual([
    "03-29T00:30",
    "03-29T01:00",
    "03-29T01:30",
  ]);
});

test.each([
  ["30 2 * * *", ["10-25T00:30", "10-26T01:30"]],
  ["15 2,3 * * *", ["10-25T00:15", "10-25T02:15"]],
])("%s comes once where the hour is there twice", (cron, expected) => {
  expect(times(cron, "2026-10-24T12:00Z", 2)).toEqual(expected);
});

test("what comes every so often comes in both of the hours", () => {
  expect(times("30 * * * *", "2026-10-24T22:40Z", 4)).toEqual([
    "10-24T23:30",
    "10-25T00:30",
    "10-25T01:30",
    "10-25T02:30",
  ]);
});

test("last() is the time up to and with a moment", () => {
  const rule = readRule({ cron: "0 * * * *", timezone: "UTC" });
  const hour = 3_600_000;
  expect(rule.last(5 * hour)).toBe(5 * hour);
  expect(rule.last(5 * hour - 1)).toBe(4 * hour);
});

test("rules that are used are kept, and no more than a few", () => {
  const ruleOf = createRules();
  const rule = ruleOf({ cron: "0 * * * *", timezone: "UTC" });
  expect(ruleOf({ cron: "0 * * * *", timezone: "UTC" })).toBe(rule);
  for (let minute = 0; minute < 55; minute += 1)
    ruleOf({ cron: `${minute} 1 * * *`, timezone: "UTC" });
  expect(ruleOf({ cron: "0 * * * *", timezone: "UTC" })).not.toBe(rule);
});
