import { expect, test } from "vitest";

import { shapeOf, variable } from "../../../../src/tasks/logs/mine/shape.ts";

const shown = (text: string): string => shapeOf(text).replaceAll(variable, "*");

test.each([
  ["took 12 ms", "took * ms"],
  ["took 12.5ms and 3GB", "took * and *"],
  ["peer 10.0.0.1:8080 gone", "peer * gone"],
  ["peer /10.0.0.1:8080 gone", "peer /* gone"],
  ["id 550e8400-e29b-41d4-a716-446655440000 gone", "id * gone"],
  ["block blk_-3358448553918665902 ok", "block blk_-* ok"],
  ["at 0x1fe2 in node-12", "at * in node-*"],
  ["GET /v1/items/2999 done", "GET /v*/items/* done"],
  ["sizes 1, 2, 3 and 4", "sizes * and *"],
  ["at Sat Jul  9 12:16:49 2005 from", "at * from"],
  ["commit deadbeef42 merged", "commit * merged"],
  ["nothing varies here", "nothing varies here"],
  ["", ""],
])("shapeOf() of %s", (text, shape) => {
  expect(shown(text)).toBe(shape);
});

test("shapeOf() looks at a bounded part of a message", () => {
  expect(shapeOf("a ".repeat(100_000)).length).toBeLessThan(600);
});
