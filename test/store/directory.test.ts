import { readdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { directoryBlobs } from "../../src/store/directory.ts";
import { blobsSuite } from "../../src/testing/blobs-suite.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe("directoryBlobs()", () => {
  blobsSuite({
    test,
    async open() {
      const folder = await temporaryFolder();
      return {
        blobs: directoryBlobs({ folder }),
        [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }),
      };
    },
  });
});

describe("directoryBlobs() and its folder", () => {
  let folder = "";

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test("may be given relative to the working directory, and is made when absent", async () => {
    const { signal } = new AbortController();
    const blobs = directoryBlobs({ folder: relative(".", join(folder, "new", "blobs")) });

    await blobs.put("a/b/c", new Blob(["x"]).stream(), { signal });

    expect(await filesOf(folder)).toEqual(["c.blob"]);
  });

  test("keeps no temporary file of a blob that was written", async () => {
    const { signal } = new AbortController();
    const bytes = new Blob(["hello"]).stream();

    await directoryBlobs({ folder }).put("a/b", bytes, { signal });

    expect(await filesOf(folder)).toEqual(["b.blob"]);
  });

  test("keeps no temporary file of a blob that was aborted", async () => {
    const controller = new AbortController();
    async function* aborting(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("half");
      expect(await filesOf(folder)).toHaveLength(1);
      controller.abort(new Error("enough"));
      yield Buffer.from("other half");
    }

    const put = directoryBlobs({ folder }).put("a/b", aborting(), { signal: controller.signal });

    await expect(put).rejects.toThrow("enough");
    expect(await filesOf(folder)).toEqual([]);
  });

  test("removes leftovers of a crash with what is removed", async () => {
    const blobs = directoryBlobs({ folder });
    const { signal } = new AbortController();
    await blobs.put("a/b", new Blob(["x"]).stream(), { signal });
    await writeFile(join(folder, "a", "b.blob.0b2c"), "half");

    await blobs.remove("a");

    expect(await readdir(folder)).toEqual([]);
  });
});
