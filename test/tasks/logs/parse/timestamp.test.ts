import { expect, test } from "vitest";

import { timeFormats } from "../../../../src/tasks/logs/parse/timestamp.ts";

const formats = timeFormats({ now: Date.parse("2026-11-20T00:00:00Z") });

function read(
  text: string,
): { readonly iso: string; readonly offset: number | undefined } | undefined {
  for (const format of formats) {
    const found = format.read(text, 0);
    if (found !== undefined) return { iso: new Date(found.ms).toISOString(), offset: found.offset };
  }
  return undefined;
}

test.each([
  ["2026-03-04T10:11:12.345Z rest", "2026-03-04T10:11:12.345Z", 0],
  ["2026-03-04 10:11:12,345 rest", "2026-03-04T10:11:12.345Z", undefined],
  ["2026-03-04T10:11:12+02:00", "2026-03-04T08:11:12.000Z", 120],
  ["2026-03-04T10:11:12.123456789-0530 x", "2026-03-04T15:41:12.123Z", -330],
  ["2026/03/04 10:11:12 x", "2026-03-04T10:11:12.000Z", undefined],
  ["20260304T101112Z x", "2026-03-04T10:11:12.000Z", 0],
  ["20260304-1:2:3:45|x", "2026-03-04T01:02:03.045Z", undefined],
  ["2026-03-04-10.11.12.345678 x", "2026-03-04T10:11:12.345Z", undefined],
  ["04/Mar/2026:10:11:12 +0100] x", "2026-03-04T09:11:12.000Z", 60],
  ["04-Mar-2026 10:11:12.345 x", "2026-03-04T10:11:12.345Z", undefined],
  ["Wed, 04 Mar 2026 10:11:12 GMT", "2026-03-04T10:11:12.000Z", 0],
  ["Wed Mar 04 10:11:12 2026] x", "2026-03-04T10:11:12.000Z", undefined],
  ["Mar  4 10:11:12 host x", "2026-03-04T10:11:12.000Z", undefined],
  ["Mar 4, 2026 1:11:12 PM x", "2026-03-04T13:11:12.000Z", undefined],
  ["04.03.2026 10:11:12 x", "2026-03-04T10:11:12.000Z", undefined],
  ["17/06/09 20:10:40 INFO", "2017-06-09T20:10:40.000Z", undefined],
  ["03-04 10:11:12.345 1 2 D", "2026-03-04T10:11:12.345Z", undefined],
  ["260304 101112 33 INFO", "2026-03-04T10:11:12.000Z", undefined],
  ["1772619072 x", "2026-03-04T10:11:12.000Z", 0],
  ["1772619072.5 x", "2026-03-04T10:11:12.500Z", 0],
  ["1772619072345 x", "2026-03-04T10:11:12.345Z", 0],
  ["1772619072345678 x", "2026-03-04T10:11:12.345Z", 0],
  ["1772619072345678901 x", "2026-03-04T10:11:12.345Z", 0],
])("timeFormats() reads %s", (text, iso, offset) => {
  expect(read(text)).toEqual({ iso, offset });
});

test("timeFormats() takes the latest year that is not in the future where a log states none", () => {
  expect(read("Dec 31 23:59:59 host x")?.iso).toBe("2025-12-31T23:59:59.000Z");
  expect(read("Nov 19 23:59:59 host x")?.iso).toBe("2026-11-19T23:59:59.000Z");
});

test.each([
  "99/99/9999 10:11:12",
  "2026-13-40 10:11:12",
  "2026-03-04 25:61:00",
  "version 1.2.3",
  "",
])("timeFormats() reads no time in %s", (text) => {
  expect(read(text)).toBeUndefined();
});
