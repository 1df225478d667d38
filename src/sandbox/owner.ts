import { chownSync } from "node:fs";
import { chown, lchown, type FileHandle } from "node:fs/promises";

import { openFolder, type Folder } from "./beneath.ts";
import { makeFolder } from "./reach.ts";
import { walkTree } from "./walk-tree.ts";

/** The user that a sandbox's programs run as, where it is not the one of this process. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Gives a file that was made here to its owner. By the handle: its name may be another's by now. */
export async function own(handle: FileHandle, owner: Owner | undefined): Promise<void> {
  if (owner) await handle.chown(owner.uid, owner.gid);
}

/** Makes a folder for an owner. */
export function makeFolderFor(owner: Owner | undefined, parent: Folder, name: string): void {
  makeFolder(parent, name);
  if (!owner) return;
  using made = parent.enter(name);
  chownSync(made.self, owner.uid, owner.gid);
}

/** Gives a tree that nothing changes meanwhile to an owner. */
export async function giveTree(hostPath: string, { uid, gid }: Owner): Promise<void> {
  using folder = openFolder(hostPath);
  await chown(folder.self, uid, gid);
  for await (const { name, parent, stats } of walkTree(folder, { signal: never }))
    if (stats.uid !== BigInt(uid) || stats.gid !== BigInt(gid))
      await lchown(parent.at(name), uid, gid);
}

const never = new AbortController().signal;
