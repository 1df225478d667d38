import { lstatSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pack } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";

import { openFolder } from "../../src/sandbox/beneath.ts";
import { unpackTree } from "../../src/sandbox/unpack-tree.ts";

const { signal } = new AbortController();

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "opsthread-unpack-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("set-id and sticky bits of files and folders are dropped", async () => {
  const folder = newFolder();
  using root = openFolder(folder);
  const tar = pack();
  tar.entry({ name: "d", type: "directory", mode: 0o7755 });
  tar.entry({ name: "d/program", mode: 0o6755 }, "#!");
  tar.finalize();
  await unpackTree(root, tar as AsyncIterable<Uint8Array>, { signal });

  expect(lstatSync(join(folder, "d")).mode & 0o7777).toBe(0o755);
  expect(lstatSync(join(folder, "d/program")).mode & 0o7777).toBe(0o755);
});

test("no more is unpacked than the limits allow", async () => {
  const archive = async (): Promise<AsyncIterable<Uint8Array>> => {
    const tar = pack();
    for (const name of ["a", "b", "c"]) tar.entry({ name }, "x".repeat(100));
    tar.finalize();
    return tar as AsyncIterable<Uint8Array>;
  };
  using root = openFolder(newFolder());
  const few = { signal, limits: { entries: 2, bytes: 1_000 } };
  const small = { signal, limits: { entries: 10, bytes: 299 } };

  await expect(unpackTree(root, await archive(), few)).rejects.toThrow("more than 2 entries");
  await expect(unpackTree(root, await archive(), small)).rejects.toThrow("more than 299 bytes");
});
