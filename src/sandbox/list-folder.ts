import { lstatSync, type Stats } from "node:fs";
import { opendir } from "node:fs/promises";
import { posix } from "node:path";

import type { Folder } from "./beneath.ts";
import { absolutePath, covers } from "./places.ts";
import type { Reach } from "./reach.ts";
import type { FileEntry } from "./sandbox.ts";

/** What is in a folder, by name, at most `limit`; undefined when there is no such folder. */
export async function listFolder(
  reach: Reach,
  path: string,
  limit: number,
): Promise<readonly FileEntry[] | undefined> {
  const absolute = absolutePath(path);
  const above = placesBelow(reach, absolute);
  if (above.length > 0) return above.slice(0, limit);
  using found = reach.find(absolute);
  if (!found?.stats.isDirectory()) return undefined;
  using folder = found.folder();
  const isShown = (name: string, isFolder: boolean): boolean =>
    reach.shows(posix.join(found.path, name), isFolder ? "folder" : "file");
  const names = await firstNames(folder, limit, (item) => isShown(item.name, item.isDirectory()));
  return names.flatMap((name) => {
    const stats = lstatSync(folder.at(name), { throwIfNoEntry: false });
    return stats && isShown(name, stats.isDirectory()) ? [toEntry(name, stats)] : [];
  });
}

export const toEntry = (name: string, stats: Stats): FileEntry => ({
  name,
  type: typeOf(stats),
  size: stats.size,
  modifiedAt: stats.mtimeMs,
});

function typeOf(stats: Stats): FileEntry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

/** `/` and `/sources` hold nothing but the places. */
function placesBelow(reach: Reach, path: string): readonly FileEntry[] {
  const names = reach.places
    .filter((place) => place.path !== path && covers(path, place.path))
    .map((place) => posix.relative(path, place.path).split("/")[0] ?? "");
  return [...new Set(names)]
    .toSorted()
    .map((name) => ({ name, type: "folder", size: 0, modifiedAt: 0 }));
}

/** The first names in order. However large the folder is, not many more than `limit` are held. */
async function firstNames(
  folder: Folder,
  limit: number,
  keep: (item: { readonly name: string; isDirectory(): boolean }) => boolean,
): Promise<readonly string[]> {
  let names: string[] = [];
  for await (const item of await opendir(folder.self)) {
    if (!keep(item)) continue;
    names.push(item.name);
    if (names.length > 2 * limit + 1_000) names = names.toSorted().slice(0, limit);
  }
  return names.toSorted().slice(0, limit);
}
