import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { loaderOf } from "../../../src/sandbox/task-host/elf.ts";
import { prepareNodeRuntime } from "../../../src/sandbox/task-host/node-runtime.ts";

const isLinux = process.platform === "linux";

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-node-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test.runIf(isLinux)("the copy runs, and is made once", async () => {
  const folder = await emptyFolder();
  const [first, second] = await Promise.all([
    prepareNodeRuntime({ folder }),
    prepareNodeRuntime({ folder }),
  ]);
  expect(second.folder).toBe(first.folder);
  expect(await readdir(folder)).toHaveLength(1);

  const { ino } = await stat(join(first.folder, "node"));
  expect((await stat(join((await prepareNodeRuntime({ folder })).folder, "node"))).ino).toBe(ino);
  const [command = "", ...args] = first.argv(first.folder);
  const { stdout } = await promisify(execFile)(command, [...args, "-p", "process.version"], {
    env: {},
  });
  expect(stdout.trim()).toBe(process.version);
});

test.runIf(isLinux)("a copy that is broken is made again", async () => {
  const folder = await emptyFolder();
  const runtime = await prepareNodeRuntime({ folder });
  const names = await readdir(join(runtime.folder, "lib"));
  for (const name of names) await rm(join(runtime.folder, "lib", name));
  expect((await prepareNodeRuntime({ folder })).folder).toBe(runtime.folder);
  expect(await readdir(join(runtime.folder, "lib"))).toEqual(names);
});

test("a program that needs no loader is started as it is", async () => {
  const folder = await emptyFolder();
  const program = join(folder, "static");
  await writeFile(program, elf({ loader: undefined }), { mode: 0o755 });
  expect(await loaderOf(program)).toBeUndefined();
});

test("the loader is what the program asks for", async () => {
  const program = join(await emptyFolder(), "dynamic");
  await writeFile(program, elf({ loader: "/lib/ld-musl-x86_64.so.1" }));
  expect(await loaderOf(program)).toBe("/lib/ld-musl-x86_64.so.1");

  await truncate(program, 70);
  expect(await loaderOf(program)).toBeUndefined();
});

test("what is no program can't be brought along", async () => {
  const folder = await emptyFolder();
  const program = join(folder, "script");
  await writeFile(program, "#!/bin/sh\n");
  await expect(prepareNodeRuntime({ folder, program })).rejects.toMatchObject({
    code: "SANDBOX_UNSUPPORTED",
  });
});

/** An ELF file with a header, two program headers, and the path of a loader. */
function elf({ loader }: { readonly loader: string | undefined }): Buffer {
  const bytes = Buffer.alloc(64 + 2 * 56 + 64);
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(2, 56);
  bytes.writeUInt32LE(1, 64);
  if (loader === undefined) return bytes;
  const second = 64 + 56;
  bytes.writeUInt32LE(3, second);
  bytes.writeBigUInt64LE(176n, second + 8);
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), second + 32);
  bytes.write(`${loader}\0`, 176);
  return bytes;
}
