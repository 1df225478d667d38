import fc from "fast-check";
import { expect, test } from "vitest";

import { entryNames, staysInside } from "../../src/sandbox/archive-checks.ts";

test("a path is the names that it goes by", () => {
  expect(entryNames("./a//b/./c/")).toEqual(["a", "b", "c"]);
  expect(entryNames("./")).toEqual([]);
  expect(entryNames("a/..b/...")).toEqual(["a", "..b", "..."]);
  for (const path of ["..", "a/../b", "/a", "a/..", "a\0b", "n".repeat(256), "d/".repeat(600)])
    expect(() => entryNames(path)).toThrow("Cannot unpack the archive");
});

test("a link stays inside when it does so whatever the names on its way are", () => {
  const inside = { names: ["a", "b", "link"], folderPath: "/workspace/x" };
  const kept = ["c", "../c", "../../c/d", "./..", "../..", "/workspace/x/c", "/workspace/x"];
  const out = ["../../..", "../../../a", "c/..", "../c/../d", "/workspace", "/etc/passwd"];
  const sly = ["/workspace/x/../y", "/workspace/xy"];
  const found = [...kept, ...out, ...sly].filter((target) => staysInside(target, inside));
  expect(found).toEqual(kept);
});

test("no link that stays inside leads out, whatever links it leads through", () => {
  const step = fc.constantFrom("..", ".", "a", "b", "link", "");
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 6 }),
      fc.integer({ min: 1, max: 3 }),
      (steps, depth) => {
        const names = [...Array.from({ length: depth - 1 }, () => "d"), "link"];
        const target = steps.join("/");
        fc.pre(!target.startsWith("/") && staysInside(target, { names, folderPath: "/workspace" }));
        // The worst case: each name on the way is a link to the top.
        let level = depth - 1;
        for (const name of steps) {
          if (name === "..") level -= 1;
          else if (name !== "" && name !== ".") level = 0;
          expect(level).toBeGreaterThanOrEqual(0);
        }
      },
    ),
  );
});
