import { lstatSync, readdirSync, readFileSync, realpathSync, statSync, type Stats } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { codeOf } from "../system-error.ts";

/** What was seen of the disk: enough to tell later whether the same would be seen again. */
export const Seen = z.object({
  /** Paths that were looked up, and where they really lie; null where nothing was. */
  reals: z.array(z.tuple([z.string(), z.string().nullable()])),
  /** Files that were read, folders that were listed: size (of files) and time of change. */
  stats: z.array(z.tuple([z.string(), z.number(), z.number()])),
});
export type Seen = z.infer<typeof Seen>;

/** Looks at the disk and remembers what it saw. Synchronous, as that is many times faster for many small looks. */
export interface Disk {
  /** Where a path really lies; undefined when nothing is there. */
  real(path: string): string | undefined;
  /** The same, when it is a file. */
  file(path: string): string | undefined;
  read(path: string): string;
  /** The files of a folder, recursively, relative to it. */
  list(folder: string, keep: (path: string, type: "file" | "folder") => boolean): readonly string[];
  /** Counts a file in as it is now. */
  note(path: string): Stats;
  seen(): Seen;
}

export function openDisk(): Disk {
  const reals = new Map<string, string | null>();
  const stats = new Map<string, readonly [number, number]>();
  const note = (path: string): Stats => {
    const now = statSync(path);
    stats.set(path, [sizeOf(now), now.mtimeMs]);
    return now;
  };
  const real = (path: string): string | undefined => {
    const known = reals.get(path);
    if (known !== undefined) return known ?? undefined;
    const found = realIfThere(path);
    reals.set(path, found ?? null);
    return found;
  };
  const list: Disk["list"] = (folder, keep) => {
    const files: string[] = [];
    const walk = (below: string): void => {
      note(join(folder, below));
      for (const item of readdirSync(join(folder, below), { withFileTypes: true })) {
        const path = below === "" ? item.name : `${below}/${item.name}`;
        if (item.isDirectory() && keep(path, "folder")) walk(path);
        if (item.isFile() && keep(path, "file")) files.push(path);
      }
    };
    walk("");
    return files;
  };
  return {
    real,
    file(path) {
      const found = real(path);
      return found !== undefined && lstatSync(found).isFile() ? found : undefined;
    },
    read(path) {
      note(path);
      return readFileSync(path, "utf8");
    },
    list,
    note,
    seen: () => ({
      reals: [...reals],
      stats: Array.from(stats, ([path, [size, mtimeMs]]) => [path, size, mtimeMs]),
    }),
  };
}

/** Whether all of it would be seen again. */
export function isUnchanged({ reals, stats }: Seen): boolean {
  return (
    stats.every(([path, size, mtimeMs]) => {
      const now = statSync(path, { throwIfNoEntry: false });
      return now !== undefined && sizeOf(now) === size && now.mtimeMs === mtimeMs;
    }) && reals.every(([path, found]) => (realIfThere(path) ?? null) === found)
  );
}

/** The size of a folder says nothing. */
const sizeOf = (stats: Stats): number => (stats.isDirectory() ? 0 : stats.size);

function realIfThere(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
    throw error;
  }
}
