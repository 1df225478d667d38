import { lstatSync, type Dirent } from "node:fs";
import { opendir, rename, rmdir, unlink } from "node:fs/promises";

import { archiveRefused } from "./archive-checks.ts";
import type { Folder } from "./beneath.ts";
import { codeOf, isMissing } from "./system-error.ts";

/**
 * Moves what is in a folder into another one of the same file system. Checks first that nothing is in the way.
 * @throws {OpsthreadError} `SANDBOX_ARCHIVE_REFUSED` when something is
 */
export async function mergeTree(
  from: Folder,
  to: Folder,
  { onReplaced }: { readonly onReplaced: (bytes: number) => void },
): Promise<void> {
  await assertFits(from, to);
  await move(from, to, onReplaced);
}

async function assertFits(from: Folder, to: Folder): Promise<void> {
  for await (const item of await opendir(from.self)) {
    const there = lstatSync(to.at(item.name), { throwIfNoEntry: false });
    if (!there) continue;
    if (there.isDirectory() !== item.isDirectory()) throw inTheWay(item);
    if (!item.isDirectory()) continue;
    using below = from.enter(item.name);
    using belowThere = to.enter(item.name);
    await assertFits(below, belowThere);
  }
}

async function move(from: Folder, to: Folder, onReplaced: (bytes: number) => void): Promise<void> {
  for await (const item of await opendir(from.self)) {
    const there = lstatSync(to.at(item.name), { throwIfNoEntry: false });
    if (there?.isDirectory() && item.isDirectory()) {
      using below = from.enter(item.name);
      using belowThere = to.enter(item.name);
      await move(below, belowThere, onReplaced);
      onReplaced(0);
      continue;
    }
    try {
      await rename(from.at(item.name), to.at(item.name));
    } catch (error) {
      const code = codeOf(error);
      if (code === "EISDIR" || code === "ENOTDIR" || code === "ENOTEMPTY") throw inTheWay(item);
      throw error;
    }
    if (there) onReplaced(there.size);
  }
}

const inTheWay = ({ name }: Dirent): Error =>
  archiveRefused(`${JSON.stringify(name)} is a folder on one side and a file on the other`);

/** Removes a file, or a folder with all that is in it, as far as it is there. No link is followed. */
export async function removeTree(parent: Folder, name: string): Promise<void> {
  try {
    await unlink(parent.at(name));
    return;
  } catch (error) {
    if (isMissing(error)) return;
    const code = codeOf(error);
    if (code !== "EISDIR" && code !== "EPERM") throw error; // EPERM: a folder, where it is not Linux.
  }
  using folder = parent.enter(name);
  for await (const item of await opendir(folder.self)) await removeTree(folder, item.name);
  await rmdir(parent.at(name));
}
