import { expect, test } from "vitest";

import { mapped } from "../../../src/sandbox/task-host/package-map.ts";

test.each([
  ["./a.js", ".", "./a.js"],
  ["./a.js", "./b", undefined],
  [{ import: "./a.mjs", require: "./a.cjs" }, ".", "./a.mjs"],
  [{ browser: "./b.js", node: { import: "./n.mjs" }, default: "./d.js" }, ".", "./n.mjs"],
  [{ node: { require: "./n.cjs" }, default: "./d.js" }, ".", "./d.js"],
  [{ ".": [{ deno: "./x.js" }, "./y.js"] }, ".", "./y.js"],
  [{ "./*": "./dist/*.js", "./x/*": "./other/*.js" }, "./x/y", "./other/y.js"],
  [{ "./*": "./dist/*/*.js" }, "./y", "./dist/y/y.js"],
  [{ "./*.js": "./dist/*.js", "./private/*": null }, "./private/a.js", undefined],
  [{ "./*": "./dist/*" }, "./$&", "./dist/$&"],
  [{ "#a": "b" }, "#a", "b"],
  [undefined, ".", undefined],
  [null, ".", undefined],
  [7, ".", undefined],
])("%j has for %s: %s", (map, name, target) => {
  expect(mapped(map, name, "import")).toBe(target);
});

test("require has its own conditions", () => {
  expect(mapped({ import: "./a.mjs", require: "./a.cjs" }, ".", "require")).toBe("./a.cjs");
});
