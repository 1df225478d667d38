import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  utimes,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix, relative } from "node:path";
import { pathToFileURL } from "node:url";

import { expect, onTestFinished, test } from "vitest";

import { taskCode, type TaskCode } from "../../../src/sandbox/task-host/task-code.ts";
import { layouts, makeLayout, type Layout } from "./layouts.ts";

async function project(layout: Layout): Promise<{
  readonly root: string;
  readonly code: TaskCode;
  readonly module: string;
}> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "opsthread-code-")));
  onTestFinished(() => rm(root, { recursive: true }));
  await makeLayout(layout, join(root, "project"));
  const frameworkRoot = join(root, "project/node_modules/framework");
  const code = taskCode({ folder: join(root, "tasks"), frameworkRoot });
  return { root, code, module: pathToFileURL(join(root, "project", layout.entry)).href };
}

const own = layouts["own files, with a cycle, JSON, a worker and lazy code"];
const flat = layouts["npm: flat and nested packages, of two versions"];
if (!own || !flat) throw new Error("no such layout");

async function contents(folder: string): Promise<readonly string[]> {
  const items = await readdir(folder, { recursive: true, withFileTypes: true });
  const named = items.map(async (item): Promise<readonly string[]> => {
    const path = join(item.parentPath, item.name);
    const place = relative(folder, path);
    if (item.isFile()) return [place];
    if (!item.isSymbolicLink()) return [];
    return [`${place} -> ${posix.join(posix.dirname(place), await readlink(path))}`];
  });
  return (await Promise.all(named)).flat().toSorted();
}

test.each(Object.entries(layouts))("stages %s", async (_, layout) => {
  const { code, module } = await project(layout);
  const { id, entry } = await code.stage(module);

  expect(await contents(join(code.folder, id))).toEqual(layout.staged.toSorted());
  expect(entry.startsWith(`${id}/app/`)).toBe(true);
  expect((await stat(join(code.folder, entry))).isFile()).toBe(true);
});

test("a bundle tells nothing of where it came from, and can be read by everybody", async () => {
  const { root, code, module } = await project(own);
  const { id } = await code.stage(module);
  const folder = join(code.folder, id);

  for (const path of await contents(folder)) {
    const text = await readFile(join(folder, path), "utf8");
    expect(text).not.toContain(root);
    expect(text).not.toContain("hunter2");
    expect((await stat(join(folder, path))).mode & 0o777).toBe(0o444);
  }
  expect((await stat(join(folder, "app/src"))).mode & 0o777).toBe(0o755);
});

test("the same code is staged once, changed code anew", async () => {
  const { root, code, module } = await project(own);
  const first = await code.stage(module);
  const { mtimeMs } = await stat(join(code.folder, first.entry));
  expect(await code.stage(module)).toEqual(first);
  expect((await stat(join(code.folder, first.entry))).mtimeMs).toBe(mtimeMs);

  await appendFile(join(root, "project/src/lazy.js"), "// Changed.");
  const second = await code.stage(module);
  expect(second.id).not.toBe(first.id);
  expect(await readFile(join(code.folder, second.id, "app/src/lazy.js"), "utf8")).toContain(
    "Changed",
  );
  expect(await readFile(join(code.folder, first.id, "app/src/lazy.js"), "utf8")).not.toContain(
    "Changed",
  );
});

test("a package that is there at last is staged", async () => {
  const { root, code, module } = await project(own);
  const first = await code.stage(module);
  const files = { "node_modules/optional/index.js": "" };
  await makeLayout({ ...own, files }, join(root, "project"));

  const second = await code.stage(module);
  expect(await contents(join(code.folder, second.id))).toContain(
    "packages/optional@0/node_modules/optional/index.js",
  );
  expect(second.id).not.toBe(first.id);
});

test("it can be staged many times at once", async () => {
  const { code, module } = await project(flat);
  const staged = await Promise.all(Array.from({ length: 8 }, () => code.stage(module)));

  expect(new Set(staged.map(({ id }) => id)).size).toBe(1);
  expect(await readdir(code.folder)).toHaveLength(1);
  expect(await readdir(join(code.folder, "../drafts"))).toEqual([]);
});

test("a bundle that was removed is made again", async () => {
  const { code, module } = await project(flat);
  const { id, entry } = await code.stage(module);
  await rm(join(code.folder, id), { recursive: true });

  expect(await code.stage(module)).toEqual({ id, entry });
  expect((await stat(join(code.folder, entry))).isFile()).toBe(true);
});

test("prune() removes what nobody asked for lately", async () => {
  const { root, code, module } = await project(own);
  const old = await code.stage(module);
  await appendFile(join(root, "project/src/lazy.js"), "// Changed.");
  const current = await code.stage(module);
  const longAgo = new Date(Date.now() - 100_000);
  for (const { id } of [old, current]) await utimes(join(code.folder, id), longAgo, longAgo);

  await code.prune({ unusedMs: 50_000 });
  expect(await readdir(code.folder)).toEqual([current.id]);

  const [known = ""] = await readdir(join(code.folder, "../known"));
  await utimes(join(code.folder, "../known", known), longAgo, longAgo);
  await code.prune({ unusedMs: 50_000 });
  expect(await readdir(code.folder)).toEqual([]);
});

test("a module that is not there is told without its folder", async () => {
  const { root, code } = await project(own);
  const staged = code.stage(pathToFileURL(join(root, "none.js")).href);

  await expect(staged).rejects.toMatchObject({
    code: "TASK_NOT_FOUND",
    message: 'Cannot run a task of module "none.js": there is no such file',
  });
});

test("code that can't be parsed is staged: Node tells what is wrong", async () => {
  const broken = { ...own, entry: "t.mjs", files: { "t.mjs": "import from from" } };
  const { code, module } = await project(broken);
  const { id } = await code.stage(module);

  expect(await contents(join(code.folder, id))).toEqual(["app/t.mjs"]);
});
