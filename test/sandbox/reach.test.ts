import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";

import { isOpsthreadError } from "../../src/core/errors.ts";
import { createQuota } from "../../src/sandbox/quota.ts";
import { createReach, type Reach } from "../../src/sandbox/reach.ts";
import type { SandboxFiles } from "../../src/sandbox/sandbox.ts";
import { isMissing, withCode } from "../../src/sandbox/system-error.ts";
import { workspaceFiles } from "../../src/sandbox/workspace-files.ts";

const { signal } = new AbortController();

function subject(): {
  readonly at: (path: string) => string;
  readonly reach: Reach;
  readonly files: SandboxFiles;
} {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "opsthread-reach-")));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const at = (path: string): string => join(root, path);
  mkdirSync(at("workspace/a/b"), { recursive: true });
  mkdirSync(at("app/logs"), { recursive: true });
  writeFileSync(at("workspace/a/file"), "inside");
  writeFileSync(at("app/logs/a.log"), "a line");
  writeFileSync(at("app/key"), "secret");
  writeFileSync(at("secret"), "secret");
  const reach = createReach([
    { path: "/workspace", hostPath: at("workspace"), writable: true },
    { path: "/sources/app", hostPath: at("app"), writable: false, include: ["logs/**"] },
  ]);
  const quota = createQuota({ fileBytes: 1e9, workspaceBytes: 1e9 }, 0);
  return { at, reach, files: workspaceFiles(reach, { quota: async () => quota }) };
}

const outcome = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await work();
  } catch (error) {
    return isOpsthreadError(error, "SANDBOX_PATH_REFUSED") ? "refused" : String(error);
  }
};

const text = (files: SandboxFiles, path: string): Promise<unknown> =>
  outcome(async () => {
    const file = await files.read(path, { offset: 0, length: 100 });
    return file && Buffer.from(file.bytes).toString();
  });

test("links mean what they mean in the sandbox, not on the host", async () => {
  const { at, files } = subject();
  const links = {
    absolute: "/workspace/a/file",
    relative: "a/../a/b/../file",
    source: "/sources/app/logs/a.log",
    up: "../sources/app/logs/a.log",
    hidden: "/sources/app/key",
    host: at("secret"),
    out: "../secret",
    top: "/",
    loop: "loop",
    gone: "/workspace/none",
    throughFile: "a/file/../file",
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, at(`workspace/${name}`));
  const read = Object.fromEntries(
    await Promise.all(Object.keys(links).map(async (name) => [name, await text(files, name)])),
  );

  expect(read).toEqual({
    absolute: "inside",
    relative: "inside",
    source: "a line",
    up: "a line",
    hidden: undefined,
    host: "refused",
    out: "refused",
    top: "refused",
    loop: "refused",
    gone: undefined,
    throughFile: undefined,
  });
  const write = (path: string): Promise<unknown> =>
    outcome(() => files.write(path, Buffer.from("new"), { signal }));
  expect(await write("absolute")).toEqual({ size: 3 });
  expect(readFileSync(at("workspace/a/file"), "utf8")).toBe("new");
  const paths = ["source", "host", "out", "loop", "gone", "gone/x"];
  expect(await Promise.all(paths.map(write))).toEqual(paths.map(() => "refused"));
  expect(await write("top/workspace/x")).toEqual({ size: 3 });
  expect(readFileSync(at("app/logs/a.log"), "utf8")).toBe("a line");
});

test("nothing outside is found, whatever the path and the links", () => {
  const { at, reach } = subject();
  const names = {
    up: "..",
    upper: "../..",
    deep: "a/b",
    self: ".",
    root: "/",
    host: at(""),
    back: "/workspace/a",
  };
  for (const [name, target] of Object.entries(names)) {
    symlinkSync(target, at(`workspace/${name}`));
    symlinkSync(target, at(`workspace/a/${name}`));
  }
  const segment = fc.constantFrom(
    "a",
    "b",
    "file",
    "..",
    "secret",
    "workspace",
    ...Object.keys(names),
  );
  const inode = String(execFileSync("stat", ["-c", "%i", at("secret")])).trim();
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
      const found = look(reach, segments.join("/"));
      expect(found.inode).not.toBe(inode);
      expect(found.path).toMatch(/^\/workspace(?:\/|$)/);
    }),
  );
});

/** Where a path leads; a refusal and nothing are as good as the workspace itself. */
function look(reach: Reach, path: string): { readonly path: string; readonly inode?: string } {
  try {
    using found = reach.find(path);
    return found ? { path: found.path, inode: String(found.stats.ino) } : { path: "/workspace" };
  } catch (error) {
    if (isOpsthreadError(error, "SANDBOX_PATH_REFUSED")) return { path: "/workspace" };
    throw error;
  }
}

test("a pipe or a device is neither waited for nor written", async () => {
  const { at, files } = subject();
  execFileSync("sh", ["-c", `mkfifo ${at("workspace/pipe")}`]);
  expect(await text(files, "pipe")).toBeUndefined();
  expect((await files.stat("pipe"))?.type).toBe("other");
  expect(await outcome(() => files.write("pipe", Buffer.from("x"), { signal }))).toBe("refused");
  const names: string[] = [];
  for await (const chunk of (await files.exportTar(".", { signal })) ?? [])
    names.push(Buffer.from(chunk).toString("latin1"));
  expect(names.join("")).not.toContain("pipe");
});

test("a part of a large file costs no more than the part", async () => {
  const { at, files } = subject();
  writeFileSync(at("workspace/large"), "");
  truncateSync(at("workspace/large"), 200_000_000);
  const before = process.memoryUsage.rss();
  const file = await files.read("large", { offset: 100_000_000, length: 10 });
  expect({ length: file?.bytes.length, size: file?.size }).toEqual({
    length: 10,
    size: 200_000_000,
  });
  expect(file?.bytes.buffer.byteLength).toBeLessThan(10_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000);
});

test.each(["EACCES", "EIO", "EMFILE"])(
  "%s is told as it is, not as nothing there",
  async (code) => {
    const { reach } = subject();
    const failing = (): never => {
      throw withCode(code);
    };
    const quota = createQuota({ fileBytes: 1e9, workspaceBytes: 1e9 }, 0);
    const files = workspaceFiles(
      { ...reach, find: failing, entry: failing },
      { quota: async () => quota },
    );
    expect(isMissing(withCode(code))).toBe(false);
    await expect(files.read("a/file", { offset: 0, length: 1 })).rejects.toMatchObject({ code });
    await expect(files.stat("a/file")).rejects.toMatchObject({ code });
    await expect(files.list("a", { limit: 1 })).rejects.toMatchObject({ code });
  },
);
