import { constants } from "node:fs";
import { lstat, open, readdir, unlink } from "node:fs/promises";

import { type Folder, openFolder } from "./beneath.ts";
import { isMissing } from "./system-error.ts";

/** What of a workspace the outputs that did not fit into a result may take. */
const outputsShare = 1 / 8;

/** What the last command has printed to stdout and stderr stays. */
const newestKept = 2;

/** Folders of a workspace in which commands' outputs are kept, below `.opsthread`. */
const outputFolders = ["output", "outputs", "commands"];

/**
 * Removes the oldest of the kept outputs, so that a session that prints much does not fill its workspace with what it
 * printed long ago. Links are not followed.
 */
export async function trimOutputs(
  hostPath: string,
  { workspaceBytes }: { readonly workspaceBytes: number },
): Promise<void> {
  using root = openFolder(hostPath);
  using kept = enterIfThere(root, ".opsthread");
  if (!kept) return;
  const folders = outputFolders.flatMap((name) => enterIfThere(kept, name) ?? []);
  try {
    const files = (await Promise.all(folders.map(filesOf))).flat();
    let left = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const oldestFirst = files.toSorted((a, b) => a.changedAt - b.changedAt);
    for (const { folder, name, bytes } of oldestFirst.slice(0, -newestKept)) {
      if (left <= workspaceBytes * outputsShare) return;
      await discard(folder.at(name)).catch(ignoreMissing);
      left -= bytes;
    }
  } finally {
    for (const folder of folders) folder[Symbol.dispose]();
  }
}

/** Emptied first: gVisor holds files of the host open, and the space of one that has only lost its name is not free. */
async function discard(path: string): Promise<void> {
  const file = await open(path, writeFlags).catch(() => undefined); // A link or a pipe holds nothing.
  try {
    const stats = await file?.stat();
    // One with another name is something else's as well.
    if (stats?.isFile() && stats.nlink === 1) await file?.truncate();
  } finally {
    await file?.close();
  }
  await unlink(path);
}

const writeFlags = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

interface KeptFile {
  readonly folder: Folder;
  readonly name: string;
  readonly bytes: number;
  readonly changedAt: number;
}

async function filesOf(folder: Folder): Promise<readonly KeptFile[]> {
  const found = await Promise.all(
    (await readdir(folder.self)).map(async (name): Promise<KeptFile[]> => {
      const stats = await lstat(folder.at(name)).catch(ignoreMissing);
      if (!stats || stats.isDirectory()) return [];
      return [{ folder, name, bytes: stats.size, changedAt: stats.mtimeMs }];
    }),
  );
  return found.flat();
}

function enterIfThere(parent: Folder, name: string): Folder | undefined {
  try {
    return parent.enter(name);
  } catch (error) {
    return ignoreMissing(error);
  }
}

/** A command removed it meanwhile, or it is no folder. */
function ignoreMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
