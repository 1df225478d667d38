import { expect, test } from "vitest";

import { remembered } from "../../src/observe/remembered.ts";

test("a short text is cleaned once, a long one each time, and what is known is bounded", () => {
  const asked: string[] = [];
  const clean = remembered((text) => {
    asked.push(text);
    return text.replaceAll("secret", "");
  });
  const long = "secret ".repeat(100);
  for (const text of ["a secret", "a secret", long, long]) clean(text);
  expect(asked).toEqual(["a secret", long, long]);
  expect(clean("a secret")).toBe("a ");
  for (let count = 0; count < 600; count += 1) clean(String(count));
  clean("a secret");
  expect(asked.filter((text) => text === "a secret")).toHaveLength(2);
});
