import { lstatSync } from "node:fs";
import { chmod, utimes } from "node:fs/promises";

import type { Folder } from "./beneath.ts";
import { makeFolderFor, type Owner } from "./owner.ts";
import { isMissing } from "./system-error.ts";

/** A tree that is filled entry by entry. No name is followed when it is a link. */
export interface GrowingTree extends Disposable {
  /** The folder that something of these names lies in, made when it is not there. It stays open until the next call. */
  parentOf(names: readonly string[]): Folder;
  /** Makes a folder. It gets its mode and time at the end, when there is nothing more to be put in it. */
  folder(names: readonly string[], its: FolderFacts): void;
  /** A file that is there; undefined for anything else. */
  fileAt(names: readonly string[]): ({ readonly hostPath: string } & Disposable) | undefined;
  /** Gives the folders their modes and times. */
  finish(): Promise<void>;
}

interface FolderFacts {
  readonly mode: number;
  readonly mtime: number;
}

export function growingTree(
  root: Folder,
  { owner, onFolder }: { readonly owner: Owner | undefined; readonly onFolder: () => void },
): GrowingTree {
  /** The way to the folder of the last entry: the next one is mostly in the same or near by. */
  let way: { readonly name: string; readonly folder: Folder }[] = [];
  const made = new Map<string, { readonly names: readonly string[] } & FolderFacts>();

  const goBackTo = (depth: number): void => {
    for (const { folder } of way.slice(depth).toReversed()) folder[Symbol.dispose]();
    way = way.slice(0, depth);
  };

  const enter = (names: readonly string[], { make }: { readonly make: boolean }): Folder => {
    const same = names.findIndex((name, depth) => way[depth]?.name !== name);
    goBackTo(same === -1 ? names.length : same);
    for (const name of names.slice(way.length)) {
      const parent = way.at(-1)?.folder ?? root;
      const isThere = lstatSync(parent.at(name), { throwIfNoEntry: false }) !== undefined;
      if (!isThere && make) {
        onFolder();
        makeFolderFor(owner, parent, name);
      }
      way.push({ name, folder: parent.enter(name) });
    }
    return way.at(-1)?.folder ?? root;
  };

  return {
    parentOf: (names) => enter(names.slice(0, -1), { make: true }),
    folder(names, { mode, mtime }) {
      if (names.length === 0) return;
      enter(names, { make: true });
      made.set(names.join("/"), { names, mode, mtime });
    },
    fileAt(names) {
      const name = names.at(-1);
      if (name === undefined) return undefined;
      // Not by the way of the last entry, which its caller still uses.
      const folders: Folder[] = [];
      const leave = (): void => {
        for (const folder of folders) folder[Symbol.dispose]();
      };
      try {
        for (const step of names.slice(0, -1)) folders.push((folders.at(-1) ?? root).enter(step));
        const hostPath = (folders.at(-1) ?? root).at(name);
        if (lstatSync(hostPath).isFile()) return { hostPath, [Symbol.dispose]: leave };
        leave();
        return undefined;
      } catch (error) {
        leave();
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async finish() {
      const deepestFirst = [...made.values()].toSorted((a, b) => b.names.length - a.names.length);
      for (const { names, mode, mtime } of deepestFirst) {
        const { self } = enter(names, { make: false });
        await chmod(self, mode & 0o777);
        await utimes(self, mtime, mtime);
      }
      goBackTo(0);
    },
    [Symbol.dispose]: () => goBackTo(0),
  };
}
