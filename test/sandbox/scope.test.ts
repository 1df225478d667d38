import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";

import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";

import { isOpsthreadError } from "../../src/core/errors.ts";
import { createScope, type Scope } from "../../src/sandbox/scope.ts";

function folders(): { readonly root: string; readonly workspace: string } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "opsthread-scope-")));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const workspace = join(root, "workspace");
  mkdirSync(join(workspace, "a", "b"), { recursive: true });
  writeFileSync(join(workspace, "a", "file"), "");
  writeFileSync(join(root, "secret"), "");
  return { root, workspace };
}

const scopeOf = (hostPath: string): Scope =>
  createScope([{ path: "/workspace", hostPath, writable: true }]);

const outcome = <T>(work: () => T): T | string => {
  try {
    return work();
  } catch (error) {
    return isOpsthreadError(error, "SANDBOX_PATH_REFUSED") ? "refused" : String(error);
  }
};

test("find() never leaves the folder, whatever the path and the links in it", () => {
  const { root, workspace } = folders();
  const links = {
    up: "..",
    deep: "a/b",
    out: "../secret",
    absolute: root,
    loop: "loop",
    self: ".",
  };
  for (const [name, target] of Object.entries(links)) {
    symlinkSync(target, join(workspace, name));
    symlinkSync(target, join(workspace, "a", name));
  }
  const scope = scopeOf(workspace);
  const segment = fc.constantFrom("a", "b", "file", "..", ".", "", "secret", ...Object.keys(links));
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 8 }), fc.boolean(), (segments, absolute) => {
      const path = `${absolute ? "/workspace/" : ""}${segments.join("/")}`;
      const found = outcome(() => scope.find(path)?.hostPath) ?? "missing";
      const isInside = `${found}${sep}`.startsWith(`${workspace}${sep}`);
      expect(isInside || found === "missing" || found === "refused").toBe(true);
    }),
  );
});

test("target() follows a link that stays inside and refuses one that leads out", () => {
  const { workspace } = folders();
  symlinkSync("a/file", join(workspace, "inside"));
  symlinkSync("../secret", join(workspace, "out"));
  symlinkSync("../new", join(workspace, "dangling"));
  symlinkSync("..", join(workspace, "up"));
  const target = (path: string): unknown =>
    outcome(() => scopeOf(workspace).target(path, () => {}));

  expect(target("inside")).toBe(join(workspace, "a", "file"));
  expect(target("new/folder/file")).toBe(join(workspace, "new", "folder", "file"));
  for (const path of [
    "out",
    "dangling",
    "up/file",
    "up/new/file",
    "a/file/below",
    "/workspace",
    "..",
  ])
    expect([path, target(path)]).toEqual([path, "refused"]);
});

test("target() tells of each folder before it makes it", () => {
  const { workspace } = folders();
  let folderCount = 0;
  scopeOf(workspace).target("a/x/y/file", () => {
    folderCount += 1;
  });
  expect(folderCount).toBe(2);
});
