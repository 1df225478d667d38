import { constants } from "node:fs";
import { chmod, copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

import type { Bundle } from "./lay-out.ts";

/**
 * Writes a bundle into a new folder, readable for everybody, whoever a sandbox runs as. Files are copied, never hard links:
 * code that is written in place later must not change in a bundle that runs, and their modes may differ.
 */
export async function writeBundle(bundle: Bundle, folder: string): Promise<void> {
  try {
    await makeFolders(bundle, folder);
    await eachOf(bundle.copies, async ([place, hostPath]) => {
      const target = join(folder, place);
      await copyFile(hostPath, target, constants.COPYFILE_FICLONE);
      await chmod(target, 0o444);
    });
    await eachOf(bundle.texts, async ([place, text]) => {
      await writeFile(join(folder, place), text);
      await chmod(join(folder, place), 0o444);
    });
    await eachOf(bundle.links, async ([place, target]) => {
      await symlink(posix.relative(posix.dirname(place), target), join(folder, place));
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function makeFolders({ copies, texts, links }: Bundle, folder: string): Promise<void> {
  const wanted = new Set([folder]);
  const want = (path: string): void => {
    if (wanted.has(path)) return;
    want(dirname(path));
    wanted.add(path);
  };
  for (const place of [...copies.keys(), ...texts.keys(), ...links.keys()])
    want(dirname(join(folder, place)));
  for (const path of wanted) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
  }
}

/** Some at a time. */
async function eachOf<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
