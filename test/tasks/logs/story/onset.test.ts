import { expect, test } from "vitest";

import { findOnset } from "../../../../src/tasks/logs/story/onset.ts";

const flat = (count: number): number[] => Array.from({ length: 60 }, () => count);
const during = (from: number, to: number, inside: number, outside = 0): number[] =>
  flat(outside).map((count, index) => (index >= from && index < to ? inside : count));

test("findOnset() calls what was there all the time steady", () => {
  expect(findOnset(flat(5), flat(100))).toEqual({ type: "steady" });
});

test("findOnset() finds what is new, and when it began", () => {
  expect(findOnset(during(40, 60, 3), flat(100))).toMatchObject({ type: "new", from: 40 });
});

test("findOnset() calls a single late line new", () => {
  expect(findOnset(during(50, 51, 1), flat(100))).toMatchObject({ type: "new", from: 50 });
});

test("findOnset() finds a jump, its stretch and its factor", () => {
  expect(findOnset(during(20, 25, 50, 5), flat(100))).toEqual({
    type: "jump",
    from: 20,
    to: 25,
    factor: 10,
  });
});

test("findOnset() takes no rise for a jump that all traffic has", () => {
  expect(findOnset(during(20, 25, 50, 5), during(20, 25, 1000, 100))).toEqual({ type: "steady" });
});

test("findOnset() finds what stopped while the rest went on", () => {
  expect(findOnset(during(0, 45, 2), flat(100))).toMatchObject({ type: "stopped", to: 45 });
});

test("findOnset() says nothing of a pattern that ends with the traffic", () => {
  expect(findOnset(during(0, 45, 2), during(0, 45, 100))).toMatchObject({ type: "steady" });
});

test("findOnset() copes with nothing", () => {
  expect(findOnset([], [])).toEqual({ type: "steady" });
});
