import { expect, test } from "vitest";

import { createRules, readRule } from "../../src/schedule/rule.ts";

/** The times of a rule, in Berlin or in another zone, from then on, in UTC. */
function times(
  cron: string,
  from: string,
  count: number,
  timezone = "Europe/Berlin",
): readonly string[] {
  const rule = readRule({ cron, timezone });
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

// Lord Howe's clocks go by half an hour: from 2:00 (+10:30) to 2:30 on October 4th, and back on April 5th. Chatham's go from 2:45
// (+12:45) to 3:45 on September 27th, and back on April 5th.
test.each([
  ["Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00Z", ["10-03T15:30", "10-04T15:15"]],
  ["Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00Z", ["04-04T14:45", "04-05T15:15"]],
  [
    "Australia/Lord_Howe",
    "*/30 * * * *",
    "2026-04-04T14:10Z",
    ["04-04T14:30", "04-04T15:00", "04-04T15:30"],
  ],
  ["Pacific/Chatham", "0 3 * * *", "2026-09-26T12:00Z", ["09-26T14:00", "09-27T13:15"]],
  ["Pacific/Chatham", "0 3 * * *", "2026-04-04T12:00Z", ["04-04T13:15", "04-05T14:15"]],
  ["Pacific/Chatham", "30 * * * *", "2026-09-26T13:20Z", ["09-26T13:45", "09-26T14:45"]],
  // Midnight itself is not there.
  ["Africa/Cairo", "0 0 * * *", "2026-04-23T12:00Z", ["04-23T22:00", "04-24T21:00"]],
])("summer time of %s: %s", (timezone, cron, from, expected) => {
  expect(times(cron, from, expected.length, timezone)).toEqual(expected);
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
