import { expect, test } from "vitest";

import { parseMoment, placeMoment } from "../../../../src/tasks/logs/story/window.ts";

const end = Date.parse("2026-03-04T22:30:00Z");

test.each([
  ["2026-03-04T10:00:00Z", 120, "2026-03-04T10:00:00.000Z"],
  ["2026-03-04 10:00", 120, "2026-03-04T08:00:00.000Z"],
  ["2026-03-04", 0, "2026-03-04T00:00:00.000Z"],
  ["21:15", 0, "2026-03-04T21:15:00.000Z"],
  ["00:15", 120, "2026-03-04T22:15:00.000Z"],
  ["15m", 0, "2026-03-04T22:15:00.000Z"],
  ["1.5h", 0, "2026-03-04T21:00:00.000Z"],
])("placeMoment() places %s in a log of offset %i", (text, offset, iso) => {
  const moment = parseMoment(text);
  expect(moment && new Date(placeMoment(moment, { offset, end })).toISOString()).toBe(iso);
});

test.each(["yesterday", "25:00", "15", "2026-13-01", ""])("parseMoment() refuses %s", (text) => {
  expect(parseMoment(text)).toBeUndefined();
});
