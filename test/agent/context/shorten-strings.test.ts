import { expect, test } from "vitest";

import { shortenStrings } from "../../../src/agent/context/shorten-strings.ts";

const shorten = (value: unknown, keep = 0): unknown =>
  JSON.parse(
    shortenStrings(typeof value === "string" ? value : JSON.stringify(value), {
      keep,
      where: "in f",
    }),
  );

test("long texts become short at any depth, everything else stays", () => {
  const long = "x".repeat(500);
  expect(shorten({ path: "a", n: 1, edits: [{ old: long, on: true }] })).toEqual({
    path: "a",
    n: 1,
    edits: [{ old: `${"x".repeat(60)}… [500 characters, in f]`, on: true }],
  });
});

test("where some may stay, head and tail do", () => {
  const { text } = shorten({ text: `begin ${"x".repeat(5_000)} end` }, 400) as { text: string };
  expect(text).toMatch(/^begin x+\n\[… \d+ bytes left out …\]\nx+ end \[5010 characters, in f\]$/);
});

test.each([
  ["many short texts", { list: Array.from({ length: 1_000 }, () => "short") }],
  ["no JSON", `{"path": "a", "content": "${"x".repeat(3_000)}`],
  ["a text alone", JSON.stringify("x".repeat(3_000))],
  ["a number of any length", "1".repeat(3_000)],
])("%s stays JSON and becomes short", (_, value) => {
  const json = JSON.stringify(shorten(value));
  expect(json.length).toBeLessThan(1_300);
  expect(JSON.parse(json)).toBeDefined();
});

test("a text that is cut between two halves of a character stays text", () => {
  expect(() => shorten({ text: "🔎".repeat(300), odd: `x${"🔎".repeat(300)}` })).not.toThrow();
});
