import type { BigIntStats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";

import { OpsthreadError } from "../core/errors.ts";
import type { Folder } from "./beneath.ts";
import { isMissing } from "./system-error.ts";

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
  folder: Folder,
  { signal, include = () => true, path = "", depth = 0 }: WalkOptions,
): AsyncGenerator<TreeEntry> {
  if (depth > maxDepth)
    throw new OpsthreadError(
      "SANDBOX_ARCHIVE_REFUSED",
      `Cannot read the tree: its folders are nested deeper than ${maxDepth}`,
    );
  for await (const names of inBatches(await opendir(folder.self, { bufferSize: batch }))) {
    signal.throwIfAborted();
    const found = await Promise.all(names.map((name) => statsOf(folder.at(name))));
    for (const [index, name] of names.entries()) {
      const stats = found[index];
      if (!stats) continue;
      const entry = { path: path + name, name, parent: folder, stats };
      if (!include(entry.path, stats.isDirectory() ? "folder" : "file")) continue;
      yield entry;
      if (!stats.isDirectory()) continue;
      using below = enterIfThere(folder, name);
      const further = { signal, include, path: `${entry.path}/`, depth: depth + 1 };
      if (below) yield* walkTree(below, further);
    }
  }
}

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** Whether something of this path is looked at, and what is below it. Default: everything. */
  readonly include?: (path: string, type: "file" | "folder") => boolean;
  /** Of the folder, when it is in a larger walk. */
  readonly path?: string;
  readonly depth?: number;
}

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
