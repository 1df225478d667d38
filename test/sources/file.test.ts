import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { isOpsthreadError } from "../../src/core/errors.ts";
import { fileSource } from "../../src/sources/file.ts";

let folder: string;
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "opsthread-files-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(path: string, ageSeconds = 0): Promise<void> {
  const full = join(folder, path);
  await mkdir(join(full, ".."), { recursive: true });
  await writeFile(full, path);
  await utimes(full, 1_700_000_000 - ageSeconds, 1_700_000_000 - ageSeconds);
}

const list = async (...patterns: readonly string[]): Promise<readonly string[]> => {
  const source = fileSource({ name: "app", patterns: patterns.map((each) => join(folder, each)) });
  return (await source.list({ signal })).map(({ path }) => path);
};

test("fileSource() lists a log and its rotated versions, the newest first", async () => {
  await write("app.log.2.gz", 20);
  await write("app.log.1", 10);
  await write("app.log");
  await write("app.log-20260101.gz", 30);
  await write("app.log.swp");
  await write("other.log");
  expect(await list("app.log")).toEqual([
    "app.log",
    "app.log.1",
    "app.log.2.gz",
    "app.log-20260101.gz",
  ]);
});

test("fileSource() takes the folder that all patterns share", async () => {
  await write("a/x/one.log");
  await write("a/y/two.log", 5);
  await write("a/y/three.txt");
  const source = fileSource({
    name: "app",
    patterns: [join(folder, "a/x/*.log"), join(folder, "a/y/**/*.log")],
  });
  expect(source.hostPath).toBe(join(folder, "a"));
  expect(await source.list({ signal })).toEqual([
    { path: "x/one.log", size: 11, modifiedAt: 1_700_000_000_000 },
    { path: "y/two.log", size: 11, modifiedAt: 1_699_999_995_000 },
  ]);
});

test("fileSource() leaves out links", async () => {
  await write("logs/app.log");
  await write("secret.log");
  await symlink(join(folder, "secret.log"), join(folder, "logs/out.log"));
  await symlink("app.log", join(folder, "logs/in.log"));
  await symlink("..", join(folder, "logs/up"));
  expect(await list("logs/**/*.log")).toEqual(["app.log"]);
});

test("fileSource() says when its folder is not there", async () => {
  const source = fileSource({ name: "app", patterns: join(folder, "none/*.log") });
  await expect(source.list({ signal })).rejects.toSatisfy((error) =>
    isOpsthreadError(error, "SOURCE_UNREADABLE"),
  );
});

test.each([
  { name: "../x", patterns: "/var/log/a.log" },
  { name: "", patterns: "/var/log/a.log" },
  { name: "app", patterns: "relative.log" },
  { name: "app", patterns: "/var/log/../../etc/passwd" },
  { name: "app", patterns: [] },
])("fileSource() refuses %o", (options) => {
  expect(() => fileSource(options)).toThrow(/^Cannot define source/);
});
