import { randomUUID } from "node:crypto";
import { constants, realpathSync } from "node:fs";
import { lstat, open, opendir, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

import { OpsthreadError } from "../core/errors.ts";
import type { Quota } from "./quota.ts";
import type { FileEntry, SandboxFiles } from "./sandbox.ts";
import { codeOf, covers, workspacePath, type Found, type Scope } from "./scope.ts";

/** The files of a scope. Reads are bounded, writes are all or nothing. */
export function scopedFiles(
  scope: Scope,
  { quota }: { readonly quota: () => Promise<Quota> },
): SandboxFiles {
  return {
    async read(path, { offset, length }) {
      const found = scope.find(path);
      if (!found?.stats.isFile()) return undefined;
      await using file = await openFound(found);
      const { size } = await file.handle.stat();
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.handle.read(
          bytes,
          filled,
          bytes.length - filled,
          offset + filled,
        );
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return { bytes: bytes.subarray(0, filled), size };
    },

    // Async, so that a refusal is a rejection.
    async export(path, { signal }) {
      const found = scope.find(path);
      if (!found?.stats.isFile()) return undefined;
      return { bytes: readFound(found, { signal }), size: found.stats.size };
    },

    async write(path, bytes, { signal }) {
      const counted = await quota();
      const target = scope.target(path, () => counted.change(undefined, 0));
      const before = await sizeOf(target);
      const temporary = join(dirname(target), `.opsthread-${randomUUID()}`);
      let size: number | undefined;
      try {
        await using file = closing(await open(temporary, "wx", 0o600));
        for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
          signal.throwIfAborted();
          counted.change(size, (size ?? 0) + chunk.length);
          size = (size ?? 0) + chunk.length;
          await writeAll(file.handle, chunk);
        }
        if (size === undefined) counted.change(undefined, 0);
        size ??= 0;
        await rename(temporary, target);
      } catch (error) {
        counted.change(size, undefined);
        await rm(temporary, { force: true });
        throw error;
      }
      counted.change(before, undefined);
      return { size };
    },

    list: (path, { limit }) => listFolder(scope, path, limit),
    stat: () => Promise.reject(new Error("not yet")),
    exportTar: () => Promise.reject(new Error("not yet")),
    importTar: () => Promise.reject(new Error("not yet")),
  };
}

const chunkBytes = 1024 * 1024;

/** A found file's bytes from its start, in chunks that are the reader's to keep. */
export async function* readFound(
  found: Found,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  await using file = await openFound(found);
  for (;;) {
    signal.throwIfAborted();
    const chunk = Buffer.allocUnsafeSlow(chunkBytes);
    const { bytesRead } = await file.handle.read(chunk, 0, chunkBytes, null);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
  }
}

interface OpenFile extends AsyncDisposable {
  readonly handle: FileHandle;
}

const closing = (handle: FileHandle): OpenFile => ({
  handle,
  [Symbol.asyncDispose]: () => handle.close(),
});

/** Non-blocking, because opening a named pipe waits for its other end. */
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

async function openFound(found: Found): Promise<OpenFile> {
  const handle = await open(found.hostPath, readFlags);
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || !isSame(found, handle.fd))
      throw new OpsthreadError(
        "SANDBOX_PATH_REFUSED",
        `Cannot read "${found.path}": it changed while it was opened, expected a file`,
      );
    return closing(handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether the path that was checked is the one that was opened: a folder above may have become a link meanwhile. */
function isSame(found: Found, fd: number): boolean {
  try {
    return realpathSync.native(`/proc/self/fd/${fd}`) === found.hostPath;
  } catch {
    return true; // No such link: not Linux, or the file has been removed since.
  }
}

async function sizeOf(hostPath: string): Promise<number | undefined> {
  try {
    return (await lstat(hostPath)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    const { bytesWritten } = await handle.write(chunk, written);
    written += bytesWritten;
  }
}

async function listFolder(
  scope: Scope,
  path: string,
  limit: number,
): Promise<readonly FileEntry[] | undefined> {
  const absolute = posix.resolve(workspacePath, path);
  const above = placesBelow(scope, absolute);
  if (above.length > 0) return above.slice(0, limit);
  const found = scope.find(absolute);
  if (!found?.stats.isDirectory()) return undefined;
  const entries: FileEntry[] = [];
  for (const name of await firstNames(found.hostPath, limit, (item) =>
    isListed(scope, posix.join(found.path, item.name), item.isDirectory()),
  )) {
    const entry = scope.entry(posix.join(found.path, name));
    if (!entry) continue;
    const { size, mtimeMs } = entry.stats;
    entries.push({ name, type: typeOf(entry), size, modifiedAt: mtimeMs });
  }
  return entries;
}

const isListed = (scope: Scope, path: string, isFolder: boolean): boolean =>
  scope.shows(path, isFolder ? "folder" : "file");

function typeOf({ stats }: Found): FileEntry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

/** `/` and `/sources` hold nothing but the places. */
function placesBelow(scope: Scope, path: string): readonly FileEntry[] {
  const names = scope.places
    .filter((place) => place.path !== path && covers(path, place.path))
    .map((place) => posix.relative(path, place.path).split("/")[0] ?? "");
  return [...new Set(names)]
    .toSorted()
    .map((name) => ({ name, type: "folder", size: 0, modifiedAt: 0 }));
}

/** The first names in order. However large the folder is, not many more than `limit` are held. */
async function firstNames(
  hostPath: string,
  limit: number,
  keep: (item: { readonly name: string; isDirectory(): boolean }) => boolean,
): Promise<readonly string[]> {
  let names: string[] = [];
  for await (const item of await opendir(hostPath)) {
    if (!keep(item)) continue;
    names.push(item.name);
    if (names.length > 2 * limit + 1_000) names = names.toSorted().slice(0, limit);
  }
  return names.toSorted().slice(0, limit);
}
