import { constants, copyFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { codeOf } from "./system-error.ts";

/** Makes a new file that shares its blocks with another one. False where the file system can't. */
export async function cloneFile(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (refusals.has(codeOf(error) ?? "")) return false;
    throw error;
  }
}

/** Another file system, one without clones, or (`EINVAL`) files of which only one has checksums. */
const refusals = new Set(["ENOTSUP", "EXDEV", "EINVAL", "ENOSYS", "ENOTTY"]);

/** Whether files of a folder can be cloned to a path, found out by doing it, once for each file system. */
export function createCloneProbe(folder: string): (to: string) => Promise<boolean> {
  const known = new Map<number, Promise<boolean>>();
  return async (to) => {
    const target = dirname(to);
    const { dev } = await stat(target);
    const probe = known.get(dev) ?? tryClone(folder, target, dev);
    known.set(dev, probe);
    // A full disk says nothing of what it can.
    return probe.catch((error: unknown) => {
      known.delete(dev);
      throw error;
    });
  };
}

async function tryClone(folder: string, target: string, dev: number): Promise<boolean> {
  // What a crash leaves of them is taken away by their names.
  const from = join(folder, `.probe-${process.pid}-${dev}`);
  const to = join(target, `.probe-${process.pid}-${dev}.part`);
  try {
    await rm(to, { force: true });
    await writeFile(from, "x".repeat(probeBytes));
    return await cloneFile(from, to);
  } finally {
    for (const file of [from, to]) await rm(file, { force: true });
  }
}

/** A whole block: less may lie in the inode, and not be shared. */
const probeBytes = 64 * 1024;
