import type { BigIntStats, Dir } from "node:fs";
import { lstat, opendir } from "node:fs/promises";

import { OpsthreadError } from "../core/errors.ts";
import type { Folder } from "./beneath.ts";
import { codeOf, isMissing } from "./system-error.ts";

/** Something in a tree. `parent` is held open until the next one is asked for. */
export interface TreeEntry {
  /** Relative to where the walk began. */
  readonly path: string;
  readonly name: string;
  readonly parent: Folder;
  readonly stats: BigIntStats;
}

/**
 * Everything below a folder, each folder before what is in it. Links are not followed, what disappears meanwhile
 * is left out, and memory is bounded, whatever changes the tree at the same time.
 * @throws {OpsthreadError} `SANDBOX_ARCHIVE_REFUSED` for folders that are nested too deeply to be held open
 */
export async function* walkTree(
  root: Folder,
  { signal, include = () => true }: WalkOptions,
): AsyncGenerator<TreeEntry> {
  // A generator that calls itself would pass each entry up through all levels.
  const levels: Level[] = [await startLevel(root, "")];
  try {
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      const entry = await nextEntry(level, signal);
      if (!entry) {
        await endLevel(level, root);
        levels.pop();
        continue;
      }
      const isFolder = entry.stats.isDirectory();
      if (!include(entry.path, isFolder ? "folder" : "file")) continue;
      yield entry;
      const below = isFolder ? enterIfThere(entry.parent, entry.name) : undefined;
      if (!below) continue;
      if (levels.length > maxDepth) {
        below[Symbol.dispose]();
        throw tooDeep();
      }
      levels.push(await startLevel(below, `${entry.path}/`));
    }
  } finally {
    for (const level of levels.toReversed()) await endLevel(level, root);
  }
}

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** Whether something of this path is looked at, and what is below it. Default: everything. */
  readonly include?: (path: string, type: "file" | "folder") => boolean;
}

interface Level {
  readonly folder: Folder;
  readonly path: string;
  readonly items: Dir;
  readonly batches: AsyncGenerator<readonly string[]>;
  /** Of the last batch, what was not told yet. */
  ready: TreeEntry[];
}

async function startLevel(folder: Folder, path: string): Promise<Level> {
  try {
    const items = await opendir(folder.self, { bufferSize: batch });
    return { folder, path, items, batches: inBatches(items), ready: [] };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

async function nextEntry(level: Level, signal: AbortSignal): Promise<TreeEntry | undefined> {
  const { folder, path, batches } = level;
  while (level.ready.length === 0) {
    signal.throwIfAborted();
    const { value: names, done } = await batches.next();
    if (done) return undefined;
    const found = await Promise.all(names.map((name) => statsOf(folder.at(name))));
    level.ready = names
      .flatMap((name, index) => {
        const stats = found[index];
        return stats ? [{ path: path + name, name, parent: folder, stats }] : [];
      })
      .toReversed();
  }
  return level.ready.pop();
}

async function endLevel({ batches, items, folder }: Level, root: Folder): Promise<void> {
  await batches.return(undefined);
  // Closed by then, unless nothing was ever read from it.
  await items.close().catch((error: unknown) => {
    if (codeOf(error) !== "ERR_DIR_CLOSED") throw error;
  });
  if (folder !== root) folder[Symbol.dispose]();
}

const tooDeep = (): OpsthreadError =>
  new OpsthreadError(
    "SANDBOX_ARCHIVE_REFUSED",
    `Cannot read the tree: its folders are nested deeper than ${maxDepth}`,
  );

/** Each level holds a file descriptor. */
export const maxDepth = 500;

const batch = 128;

async function* inBatches(
  items: AsyncIterable<{ readonly name: string }>,
): AsyncGenerator<readonly string[]> {
  let names: string[] = [];
  for await (const { name } of items) {
    names.push(name);
    if (names.length < batch) continue;
    yield names;
    names = [];
  }
  if (names.length > 0) yield names;
}

async function statsOf(hostPath: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(hostPath, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function enterIfThere(parent: Folder, name: string): Folder | undefined {
  try {
    return parent.enter(name);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
