import { expect, test } from "vitest";

import { durationOf, shiftTime, timeOf } from "../../../../src/agent/models/offline/times.ts";

test.each([
  ["14:00", "14:00"],
  ["9:05", "09:05"],
  ["14:05:30", "14:05:30"],
  ["2pm", "14:00"],
  ["12am", "00:00"],
  ["12:30 PM", "12:30"],
  ["noon", "12:00"],
  ["2025-03-01", "2025-03-01"],
  ["2025-03-01 9:30", "2025-03-01T09:30"],
  ["2025-03-01T09:30:15.250Z", "2025-03-01T09:30:15.250Z"],
  ["2025-03-01 09:30:15,250 +02:00", "2025-03-01T09:30:15.250+02:00"],
  ["25:00", undefined],
  ["14:75", undefined],
  ["13pm", undefined],
  ["2025-13-01", undefined],
])("timeOf(%j) is %j", (text, expected) => {
  expect(timeOf(text)).toBe(expected);
});

test.each([
  ["15m", "15m"],
  ["15 minutes", "15m"],
  ["2 hours", "2h"],
  ["1h 30m", "90m"],
  ["90 secs", "90s"],
  ["an hour", "1h"],
  ["hour", "1h"],
  ["half an hour", "30m"],
  ["3 days", "3d"],
  ["0m", undefined],
])("durationOf(%j) is %j", (text, expected) => {
  expect(durationOf(text)).toBe(expected);
});

test.each([
  ["14:00", -5, "13:55"],
  ["00:02", -5, "00:00"],
  ["23:58:30", 5, "23:59:59"],
  ["2025-03-01T14:58:30Z", 5, "2025-03-01T15:03:30Z"],
])("shiftTime(%j, %i) stays on its day", (time, minutes, expected) => {
  expect(shiftTime(time, minutes)).toBe(expected);
});
