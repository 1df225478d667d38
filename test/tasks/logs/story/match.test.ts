import { expect, test } from "vitest";

import { parseMatcher } from "../../../../src/tasks/logs/story/match.ts";

test("parseMatcher() takes text as it stands", () => {
  const matcher = parseMatcher("a.b");
  expect(matcher.type === "matcher" && [matcher.matches("xa.bx"), matcher.matches("acb")]).toEqual([
    true,
    false,
  ]);
});

test("parseMatcher() takes an expression with flags, and no state between lines", () => {
  const matcher = parseMatcher("/time(d)?.?out/gi");
  expect(matcher.type === "matcher" && [1, 2].map(() => matcher.matches("Timed out"))).toEqual([
    true,
    true,
  ]);
});

test.each([
  "/(a+)+$/",
  "/(a|a)*b/",
  "/(a*)*/",
  String.raw`/(x)\1/`,
  "/.*a.*b.*c.*d/",
  "/(/",
  "/(?:a{1,9}){2,}/",
])("parseMatcher() refuses %s and says why", (text) => {
  expect(parseMatcher(text)).toMatchObject({
    type: "refused",
    reason: expect.stringContaining("Cannot use"),
  });
});
