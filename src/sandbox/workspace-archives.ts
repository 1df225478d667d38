import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { posix } from "node:path";

import { archiveRefused, type ArchiveLimits } from "./archive-checks.ts";
import type { Folder } from "./beneath.ts";
import { mergeTree, removeTree } from "./merge-tree.ts";
import { makeFolderFor, type Owner } from "./owner.ts";
import { packTree } from "./pack-tree.ts";
import { absolutePath, refused } from "./places.ts";
import { asQuota, measureFolder, type Quota } from "./quota.ts";
import type { Reach } from "./reach.ts";
import { unpackTree, type Unpacked } from "./unpack-tree.ts";

/** A folder as a tar stream; undefined when there is no such folder. */
export function exportFolder(
  reach: Reach,
  path: string,
  { signal }: { readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> | undefined {
  using found = reach.find(path);
  return found?.stats.isDirectory() ? packAgain(reach, found.path, { signal }) : undefined;
}

/** Opened when it is read, so that a stream which nobody reads holds nothing open. */
async function* packAgain(
  reach: Reach,
  path: string,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  using found = reach.find(path);
  if (!found?.stats.isDirectory()) throw refused(path, "it is no folder any more", "one");
  using folder = found.folder();
  const include = (below: string, type: "file" | "folder"): boolean =>
    reach.shows(posix.join(path, below), type);
  yield* packTree(folder, { signal, include });
}

export interface ImportFolderOptions {
  readonly signal: AbortSignal;
  readonly quota: Quota;
  readonly owner: Owner | undefined;
  readonly limits?: ArchiveLimits | undefined;
}

/**
 * Unpacks a tar stream into a folder, which is made when it is not there. It is unpacked to a hidden folder in it and
 * moved from there when it is complete and nothing of it would be in the way of what is there: a file replaces a
 * file, folders are merged, and a file never takes the place of a folder nor a folder that of a file.
 */
export async function importFolder(
  reach: Reach,
  path: string,
  archive: AsyncIterable<Uint8Array>,
  { signal, quota, owner, limits }: ImportFolderOptions,
): Promise<Unpacked> {
  using target = openTarget(reach, path, (parent, name) => {
    quota.change(undefined, 0);
    makeFolderFor(owner, parent, name);
  });
  const temporary = `.opsthread-${randomUUID()}`;
  try {
    mkdirSync(target.folder.at(temporary), { mode: 0o700 });
    using unpacked = target.folder.enter(temporary);
    try {
      const options = { signal, owner, quota, linksWithin: target.path, ...(limits && { limits }) };
      const counts = await unpackTree(unpacked, archive, options);
      await mergeTree(unpacked, target.folder, {
        onReplaced: (bytes) => quota.change(bytes, undefined),
      });
      return counts;
    } catch (error) {
      const { bytes } = await measureFolder(unpacked, { signal: never });
      quota.release(bytes - ownBytes);
      throw error;
    }
  } catch (error) {
    throw asQuota(error);
  } finally {
    await removeTree(target.folder, temporary);
  }
}

/** The hidden folder itself is not counted: it is gone in the end. */
const ownBytes = 4_096;

const never = new AbortController().signal;

interface TargetFolder extends Disposable {
  readonly folder: Folder;
  readonly path: string;
}

function openTarget(
  reach: Reach,
  asked: string,
  make: (parent: Folder, name: string) => void,
): TargetFolder {
  const path = absolutePath(asked);
  if (!reach.mayWrite(path)) throw refused(asked);
  using there = reach.find(path);
  if (!there) {
    using above = reach.target(path, make);
    make(above.folder, above.name);
  }
  return held(reach, path);
}

function held(reach: Reach, path: string): TargetFolder {
  const found = reach.find(path);
  if (!found?.stats.isDirectory()) {
    found?.[Symbol.dispose]();
    throw archiveRefused(`"${path}" is no folder`);
  }
  try {
    if (!reach.mayWrite(found.path)) throw refused(path);
    const folder = found.folder();
    return {
      folder,
      path: found.path,
      [Symbol.dispose]() {
        folder[Symbol.dispose]();
        found[Symbol.dispose]();
      },
    };
  } catch (error) {
    found[Symbol.dispose]();
    throw error;
  }
}
