import { mkdir, mkdtemp, open, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { messageOf } from "../../../src/core/errors.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { unmount } from "../../../src/sandbox/image-mounts.ts";
import { runProgram } from "../../../src/sandbox/run-program.ts";

/** Files can be cloned on all but ext4. */
export type TestedFileSystem = "ext4" | "btrfs" | "xfs";

export interface FileSystemUnderTest extends AsyncDisposable {
  readonly folder: string;
}

/** A file system of its own in a sparse file, which takes of the disk what is written to it. */
export async function openFileSystem(type: TestedFileSystem): Promise<FileSystemUnderTest> {
  const root = await realpath(await mkdtemp(join(tmpdir(), `opsthread-${type}-`)));
  const disk = join(root, "disk");
  const folder = join(root, "mounted");
  try {
    await mkdir(folder);
    await using file = await open(disk, "wx");
    await file.truncate(diskBytes);
    await runProgram(`mkfs.${type}`, ["-q", disk]);
    await runProgram("mount", ["-t", type, "-o", "loop", "--", disk, folder]);
  } catch (error) {
    await rm(root, { recursive: true });
    throw error;
  }
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await unmount(folder, { log: silentLogger });
      await rm(root, { recursive: true });
    },
  };
}

const diskBytes = 2 * 1024 ** 3;

/** Those of them that can be had here. Says which not, so that nobody takes their tests for passed. */
export async function fileSystemsOf<T extends TestedFileSystem>(
  wanted: readonly T[],
): Promise<readonly T[]> {
  const found: T[] = [];
  for (const type of wanted)
    try {
      await using _ = await openFileSystem(type);
      found.push(type);
    } catch (error) {
      process.stderr.write(`Tests on ${type} are skipped: ${messageOf(error)}\n`);
    }
  return found;
}
