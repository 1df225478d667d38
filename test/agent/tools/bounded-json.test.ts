import * as fc from "fast-check";
import { expect, test } from "vitest";

import { boundedJson } from "../../../src/agent/tools/bounded-json.ts";

test("boundedJson() keeps what fits as it is", () => {
  const value = { a: [1, "two", null, { b: true }] };
  expect(boundedJson(value, { maxBytes: 1000 })).toEqual({ value, complete: true });
});

test("boundedJson() cuts long lists first and says how much is missing", () => {
  const value = { name: "app", lines: Array.from({ length: 500 }, (_, index) => index) };
  const kept = boundedJson(value, { maxBytes: 500 });
  expect(kept).toMatchObject({ complete: false, value: { name: "app" } });
  expect(JSON.stringify(kept.value)).toContain("… 400 more");
});

test("boundedJson() cuts what is nested too deep", () => {
  let value: unknown = 1;
  for (let depth = 0; depth < 5000; depth += 1) value = [value];
  expect(boundedJson(value, { maxBytes: 500 }).complete).toBe(false);
});

test("boundedJson() always fits", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 40, max: 400 }), (value, maxBytes) => {
      const kept = boundedJson(value, { maxBytes });
      expect(Buffer.byteLength(JSON.stringify(kept.value))).toBeLessThanOrEqual(maxBytes);
      expect(kept.complete).toBe(JSON.stringify(kept.value) === JSON.stringify(value));
    }),
  );
});
