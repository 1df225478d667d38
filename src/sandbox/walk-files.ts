import { opendir } from "node:fs/promises";
import { join } from "node:path";

/** Paths of the files below a folder, relative to it. Links are named, not followed. */
export async function* walkFiles(
  folder: string,
  enter: (below: string) => boolean = () => true,
  below = "",
): AsyncGenerator<string> {
  for await (const item of await opendir(join(folder, below))) {
    const path = below === "" ? item.name : `${below}/${item.name}`;
    if (!item.isDirectory()) yield path;
    else if (enter(path)) yield* walkFiles(folder, enter, path);
  }
}
