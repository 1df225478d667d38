import { lstat, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { OpsthreadError } from "../core/errors.ts";
import { compileGlob } from "./glob.ts";
import { covers } from "./places.ts";
import type { SourceMount } from "./sandbox.ts";
import { assertSourceName, sourceFolder, sourceUnreadable } from "./source-folder.ts";
import { walkFiles } from "./walk-files.ts";

/** One thing of the host that is shown read-only inside. */
export interface MountedSource {
  readonly hostPath: string;
  readonly path: string;
}

/**
 * What to mount for sources. A source without globs is its folder. Of one with globs each file that matches is mounted by
 * itself, over an empty file in a tree of our own below `stage`: so nothing else of the folder is there.
 * @throws {OpsthreadError} `SOURCE_UNREADABLE`, `SANDBOX_UNSUPPORTED` for too many files
 */
export async function sourceMounts(
  sources: readonly SourceMount[],
  { stage }: { readonly stage: string },
): Promise<readonly MountedSource[]> {
  const mounts: MountedSource[] = [];
  const seen = new Set<string>();
  for (const source of sources) {
    const { name, include } = source;
    assertSourceName(name, { isTaken: seen.has(name) });
    seen.add(name);
    const folder = await mountableFolder(source);
    const path = `/sources/${name}`;
    if (!include) mounts.push({ hostPath: folder, path });
    else
      mounts.push(...(await fileMounts(folder, path, { include, stage: join(stage, name), name })));
  }
  return mounts;
}

/** @throws {OpsthreadError} `SOURCE_UNREADABLE` unless it is a folder that may be shown */
async function mountableFolder(source: SourceMount): Promise<string> {
  const folder = await realpath(await sourceFolder(source));
  if (folder !== "/" && !neverShown.some((place) => covers(place, folder))) return folder;
  throw sourceUnreadable(
    source.name,
    `"${folder}" belongs to the system, expected a folder with data`,
  );
}

/** The kernel's own places, and where sockets of daemons lie. */
const neverShown = ["/proc", "/sys", "/dev", "/run", "/var/run"];

const maxFiles = 1_000;

async function fileMounts(
  folder: string,
  path: string,
  {
    include,
    stage,
    name,
  }: { readonly include: readonly string[]; readonly stage: string; readonly name: string },
): Promise<readonly MountedSource[]> {
  const glob = compileGlob(include);
  await mkdir(stage, { recursive: true, mode: 0o755 });
  const mounts: MountedSource[] = [{ hostPath: stage, path }];
  for await (const below of walkFiles(folder, (inner) => glob.folder(inner))) {
    if (!glob.file(below)) continue;
    const hostPath = join(folder, below);
    if (!(await lstat(hostPath)).isFile()) continue; // A link may lead to what is not to be shown.
    await mkdir(join(stage, dirname(below)), { recursive: true, mode: 0o755 });
    await writeFile(join(stage, below), "", { mode: 0o644 });
    mounts.push({ hostPath, path: `${path}/${below}` });
    if (mounts.length > maxFiles)
      throw new OpsthreadError(
        "SANDBOX_UNSUPPORTED",
        `Cannot mount source "${name}": more than ${maxFiles} files match; name a folder without globs, or narrow them`,
      );
  }
  return mounts;
}
