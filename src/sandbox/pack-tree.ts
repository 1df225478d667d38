import type { BigIntStats } from "node:fs";
import { readlink } from "node:fs/promises";

import type { Folder } from "./beneath.ts";
import { holdRegular } from "./file-bytes.ts";
import { isMissing, codeOf } from "./system-error.ts";
import { tarEnd, tarHeader, tarPadding, type TarHeader } from "./tar-header.ts";
import { walkTree, type TreeEntry } from "./walk-tree.ts";

export interface PackTreeOptions {
  readonly signal: AbortSignal;
  /** Whether something of this path, relative to the folder, is packed. Default: everything. */
  readonly include?: (path: string, type: "file" | "folder") => boolean;
}

/**
 * What is in a folder as a tar stream, made while it is read. Modes, times, links and hard links are kept; devices,
 * sockets and pipes are left out. The folder may change meanwhile: a file has the size that it had when it was opened.
 */
export async function* packTree(
  folder: Folder,
  { signal, include = () => true }: PackTreeOptions,
): AsyncGenerator<Uint8Array> {
  /** Where a file with several names was packed, by its inode. */
  const packed = new Map<string, string>();
  for await (const entry of walkTree(folder, { signal, include })) {
    const { path, stats } = entry;
    if (stats.isDirectory()) yield headerOf(path, stats, { type: "folder" });
    else if (stats.isFile()) yield* packFile(entry, { packed, signal });
    else if (stats.isSymbolicLink()) {
      const target = await linkOf(entry);
      if (target !== undefined) yield headerOf(path, stats, { type: "symlink", target });
    }
  }
  yield tarEnd;
}

async function* packFile(
  entry: TreeEntry,
  { packed, signal }: { readonly packed: Map<string, string>; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { path, parent, name } = entry;
  using file = holdRegular(parent.at(name));
  if (!file) return; // Removed or exchanged meanwhile.
  const { stats } = file;
  const inode = `${stats.dev}:${stats.ino}`;
  const target = packed.get(inode);
  if (target !== undefined) {
    yield headerOf(path, stats, { type: "link", target });
    return;
  }
  if (stats.nlink > 1n) packed.set(inode, path);
  const size = Number(stats.size);
  yield headerOf(path, stats, { type: "file", size });
  for (let left = size; left > 0;) {
    signal.throwIfAborted();
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, left));
    const bytesRead = await file.read(chunk);
    // It has been cut meanwhile. What the header promised is filled up.
    const part = bytesRead === 0 ? chunk.fill(0) : chunk.subarray(0, bytesRead);
    yield part;
    left -= part.length;
  }
  yield tarPadding(size);
}

const chunkBytes = 256 * 1024;

const headerOf = (
  path: string,
  { mode, mtimeNs }: BigIntStats,
  rest: Pick<TarHeader, "type" | "target"> & { readonly size?: number },
): Buffer => tarHeader({ path, mode: Number(mode), mtimeNs, size: 0, ...rest });

async function linkOf({ parent, name }: TreeEntry): Promise<string | undefined> {
  try {
    return await readlink(parent.at(name));
  } catch (error) {
    if (isMissing(error) || codeOf(error) === "EINVAL") return undefined; // Removed, or no link any more.
    throw error;
  }
}
