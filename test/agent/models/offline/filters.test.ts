import { expect, test } from "vitest";

import {
  describeFilters,
  filtersIn,
  hasFilters,
  type LogFilters,
} from "../../../../src/agent/models/offline/filters.ts";

const errors = ["fatal", "error"];

const cases: readonly (readonly [string, LogFilters])[] = [
  // times
  ["since 14:00", { since: "14:00" }],
  ["And since 2pm?", { since: "14:00" }],
  ["SINCE 14:00 UTC please", { since: "14:00" }],
  ["between 14:00 and 14:10", { since: "14:00", until: "14:10" }],
  ["from 9:00 to 9:30 pls", { since: "09:00", until: "09:30" }],
  ["14:00-14:10", { since: "14:00", until: "14:10" }],
  ["nothing before 14:00", { until: "14:00" }],
  ["since=10:00 until=10:30", { since: "10:00", until: "10:30" }],
  ["last 15 minutes", { since: "15m" }],
  ["in the past hour", { since: "1h" }],
  ["what happened 20 min ago", { since: "20m" }],
  ["after 2025-03-01 09:30", { since: "2025-03-01T09:30" }],
  ["what happened at 14:05?", { since: "14:00", until: "14:10" }],
  ["around 14:05", { since: "14:00", until: "14:10" }],
  ["did anything fail after 3pm", { since: "15:00" }],
  // a time that is no filter
  ["checkout is failing since 14:00, what happened?", {}],
  ["it's been down since 2pm", {}],
  ["the deploy at 10:00 broke things", {}],
  ["bring it back since 25:99", {}],
  // levels
  ["only errors", { levels: errors }],
  ["just the warnings 🙏", { levels: ["warn"] }],
  ["errors and warnings", { levels: ["fatal", "error", "warn"] }],
  ["show me all errors", { levels: errors }],
  ["errors?", { levels: errors }],
  ["ERRORS SINCE 14:00", { levels: errors, since: "14:00" }],
  ["level error", { levels: errors }],
  ["level=warn", { levels: ["warn"] }],
  ["levels: info, debug", { levels: ["info", "debug"] }],
  ["warn and above", { levels: ["fatal", "error", "warn"] }],
  ["fatal only", { levels: ["fatal"] }],
  ["only erorrs", { levels: errors }],
  ["how many errors?", { levels: errors }],
  ["there was an error in the checkout", {}],
  ["what went wrong?", {}],
  ["did we have errors during the deploy", {}],
  // text
  ['match "timed out"', { match: "timed out" }],
  ["lines with `pool exhausted`", { match: "pool exhausted" }],
  ["grep /conn.*reset/i", { match: "/conn.*reset/i" }],
  ["show lines with timeout", { match: "/time[ds]?[ _-]?out/i" }],
  ["how many timeouts?", { match: "/time[ds]?[ _-]?out/i" }],
  ["how many timeouts were there since 14:00", { match: "/time[ds]?[ _-]?out/i", since: "14:00" }],
  ["lines containing connection refused", { match: "/connection refused/i" }],
  ["how many retries", { match: "/retr/i" }],
  ["any 5xx?", { match: "/\\b5\\d\\d\\b/i" }],
  ["how many 500s did we get", { match: "/500/i" }],
  ["is there any ECONNRESET?", { match: "/ECONNRESET/i" }],
  ["search for user=42 (admin)", { match: "/user=42 \\(admin\\)/i" }],
  ["count the lines", {}],
  ["any issues?", {}],
  // places
  ["what happened before the first error?", { around: "first-error" }],
  ["what led up to the crash", { around: "first-error" }],
  ["show the first exception", { around: "first-error" }],
  ["what happened right before it crashed", { around: "first-error" }],
  ["what was going on before the checkout service broke", { around: "first-error" }],
  ["nothing before the deploy", {}],
  ["around line 1234", { around: ":1234" }],
  ["line 12 of app.log", { around: "app.log:12" }],
  ["20 lines around line 55 in `db.log`", { around: "db.log:55", context: 20 }],
  ["first error, context 10", { around: "first-error", context: 10 }],
  ["first error with 5000 lines of context", { around: "first-error", context: 50 }],
  ["top 5", { top: 5 }],
  ["top 5000 patterns", { top: 100 }],
];

test.each(cases)("filtersIn(%j)", (text, expected) => {
  const filters = filtersIn(text);
  expect(filters).toEqual(expected);
  expect(hasFilters(filters)).toBe(Object.keys(expected).length > 0);
});

test("describeFilters() tells every filter", () => {
  const filters = { levels: errors, match: "oom", since: "15m", until: "14:00" };
  expect(describeFilters({ ...filters, around: "first-error" })).toBe(
    "level fatal or error, matching `oom`, the last 15m, until 14:00, around the first error",
  );
});
