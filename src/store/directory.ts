import { randomUUID } from "node:crypto";
import { access, type FileHandle, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { assertBlobId } from "./blob-id.ts";
import type { Blobs } from "./blobs.ts";
import { untilAborted } from "./until-aborted.ts";

/**
 * Keeps blobs as files below `folder`. A blob is written beside its place, synced and then renamed, so that a reader,
 * and whoever comes after a crash, sees the whole of it or nothing. What a crash leaves beside it goes with `remove`.
 *
 * @throws {RangeError} from each method, when an id is not made of `[0-9A-Za-z_-]+` segments joined by `/`
 */
export function directoryBlobs({ folder }: { readonly folder: string }): Blobs {
  const root = resolve(folder);
  return {
    async put(id, bytes, { signal }) {
      const target = fileOf(root, id);
      signal.throwIfAborted();
      const parent = dirname(target);
      const made = await mkdir(parent, { recursive: true, mode: 0o700 });
      const temporary = `${target}.${randomUUID()}`;
      try {
        const size = await writeSynced(temporary, untilAborted(bytes, signal));
        signal.throwIfAborted();
        await rename(temporary, target);
        await syncFolders(parent, made === undefined ? parent : dirname(root));
        return { bytes: size };
      } finally {
        await rm(temporary, { force: true });
      }
    },

    async open(id) {
      const file = fileOf(root, id);
      if (!(await exists(file))) return undefined;
      // Opened when it is read, so that bytes nobody asks for hold no descriptor.
      return { [Symbol.asyncIterator]: () => chunksOf(file) };
    },

    async remove(prefix) {
      await rm(folderOf(root, prefix), { recursive: true, force: true });
    },
  };
}

/** An id may have others below it: the dot, which ids can't have, tells its file from their folder. */
function fileOf(root: string, id: string): string {
  return `${folderOf(root, id)}.blob`;
}

function folderOf(root: string, id: string): string {
  assertBlobId(id);
  return join(root, ...id.split("/"));
}

async function writeSynced(path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, "wx", 0o600);
  try {
    await writeFile(file, bytes);
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Makes new names durable: those in `from`, and those of its parents up to and with `to`. */
async function syncFolders(from: string, to: string): Promise<void> {
  // Windows can't open folders, and makes names durable by itself.
  if (process.platform === "win32") return;
  const folder = await open(from, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  if (from !== to) await syncFolders(dirname(from), to);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, "r");
  try {
    for (;;) {
      const chunk = await readChunk(file);
      if (chunk.length === 0) return;
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

async function readChunk(file: FileHandle): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(chunkBytes));
  return buffer.subarray(0, bytesRead);
}

const chunkBytes = 64 * 1024;
