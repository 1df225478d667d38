import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";

import type { ArchiveLimits } from "./archive-checks.ts";
import type { Folder } from "./beneath.ts";
import { bytesOf, closing, openRegular, readPart, writeAll } from "./file-bytes.ts";
import { listFolder, toEntry } from "./list-folder.ts";
import { makeFolderFor, own, type Owner } from "./owner.ts";
import { refused } from "./places.ts";
import { asQuota, type Quota } from "./quota.ts";
import type { Reach, Reached, Target } from "./reach.ts";
import type { SandboxFiles } from "./sandbox.ts";
import { exportFolder, importFolder } from "./workspace-archives.ts";

export interface WorkspaceFilesOptions {
  /** What writes are counted by. */
  readonly quota: () => Promise<Quota>;
  /** Whom what is made here belongs to. Default: this process's user. */
  readonly owner?: Owner;
  /** What an imported archive may hold. */
  readonly limits?: ArchiveLimits;
}

/**
 * The files that a sandbox sees, also while it changes them. Reads are bounded, writes are all or nothing, and
 * nothing outside is reached whatever becomes a link meanwhile.
 */
export function workspaceFiles(
  reach: Reach,
  { quota, owner, limits }: WorkspaceFilesOptions,
): SandboxFiles {
  return {
    async read(path, part) {
      using found = findFile(reach, path);
      if (!found) return undefined;
      await using file = await openRegular(found.hostPath, found.path);
      return await readPart(file.handle, part);
    },

    // Async, so that a refusal is a rejection.
    async export(path, { signal }) {
      using found = findFile(reach, path);
      if (!found) return undefined;
      return { bytes: readAgain(reach, found.path, { signal }), size: found.stats.size };
    },

    async write(path, bytes, { signal }) {
      const counted = await quota();
      using target = reach.target(path, (parent, name) => {
        counted.change(undefined, 0);
        makeFolderFor(owner, parent, name);
      });
      assertReplaceable(target);
      const temporary = `.opsthread-${randomUUID()}`;
      let size: number | undefined;
      try {
        await using file = closing(await open(target.folder.at(temporary), "wx", 0o600));
        await own(file.handle, owner);
        for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
          signal.throwIfAborted();
          counted.change(size, (size ?? 0) + chunk.length);
          size = (size ?? 0) + chunk.length;
          await writeAll(file.handle, chunk);
        }
        if (size === undefined) counted.change(undefined, 0);
        size ??= 0;
        // A script that is changed stays one.
        if (target.stats) await file.handle.chmod(target.stats.mode & 0o777);
        await rename(target.folder.at(temporary), target.folder.at(target.name));
      } catch (error) {
        counted.change(size, undefined);
        await remove(target.folder, temporary);
        throw asQuota(error);
      }
      counted.change(target.stats?.size, undefined);
      return { size };
    },

    list: (path, { limit }) => listFolder(reach, path, limit),

    async stat(path) {
      using found = reach.entry(path);
      return found && toEntry(found.path.slice(found.path.lastIndexOf("/") + 1), found.stats);
    },

    // Async, so that a refusal is a rejection.
    async exportTar(path, { signal }) {
      return exportFolder(reach, path, { signal });
    },

    async importTar(path, bytes, { signal }) {
      const counted = await quota();
      return importFolder(reach, path, bytes, { signal, quota: counted, owner, limits });
    },
  };
}

function findFile(reach: Reach, path: string): Reached | undefined {
  const found = reach.find(path);
  if (found?.stats.isFile()) return found;
  found?.[Symbol.dispose]();
  return undefined;
}

/** Opened when it is read, so that a stream which nobody reads holds nothing open. */
async function* readAgain(
  reach: Reach,
  path: string,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  using found = findFile(reach, path);
  if (!found) throw refused(path, "it changed while it was opened", "a file");
  await using file = await openRegular(found.hostPath, path);
  yield* bytesOf(file.handle, { signal });
}

/** A second name of a file may lie outside, and what is no file can't be replaced by one. */
function assertReplaceable({ path, stats }: Target): void {
  if (stats === undefined || (stats.isFile() && stats.nlink === 1)) return;
  throw refused(path, stats.isDirectory() ? "it is a folder" : "it is shared or special", "a file");
}

async function remove(folder: Folder, name: string): Promise<void> {
  await rm(folder.at(name), { force: true });
}
