import { realpathSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { posix } from "node:path";

import { OpsthreadError } from "../core/errors.ts";
import type { TaskFiles } from "../tasks/task.ts";
import { bytesOf, openRegular } from "./file-bytes.ts";
import { compileGlob, fixedPrefix } from "./glob.ts";
import { covers, refused, workspacePath } from "./places.ts";
import type { Found, Scope } from "./scope.ts";

/** The files of a scope as a task sees them. */
export function taskFiles(scope: Scope, { signal }: { readonly signal: AbortSignal }): TaskFiles {
  return {
    async *open(path) {
      const found = scope.find(path);
      if (!found?.stats.isFile())
        throw new OpsthreadError(
          "SANDBOX_PATH_REFUSED",
          `Cannot read "${path}": there is no such file`,
        );
      await using file = await openRegular(found.hostPath, found.path);
      if (!isSame(found, file.handle.fd))
        throw refused(found.path, "it changed while it was opened");
      yield* bytesOf(file.handle, { signal });
    },

    async size(path) {
      const found = scope.find(path);
      return found?.stats.isFile() ? found.stats.size : undefined;
    },

    async glob(pattern) {
      const absolute = posix.resolve(workspacePath, pattern);
      const glob = compileGlob([absolute.slice(1)]);
      const paths: string[] = [];
      for (const start of startsOf(scope, fixedPrefix(absolute)))
        for await (const path of walk(scope, start, glob.folder)) {
          signal.throwIfAborted();
          if (glob.file(path.slice(1))) paths.push(path);
          if (paths.length > maxMatches)
            throw new RangeError(`Cannot list "${pattern}": more than ${maxMatches} files match`);
        }
      return paths.toSorted();
    },
  };
}

/** Whether the path that was checked is the one that was opened: a folder above may have become a link meanwhile. */
function isSame(found: Found, fd: number): boolean {
  try {
    return realpathSync.native(`/proc/self/fd/${fd}`) === found.hostPath;
  } catch {
    return true; // No such link: not Linux, or the file has been removed since.
  }
}

const maxMatches = 100_000;

/** The folders that a walk begins at: the fixed one, or every place that lies below it. */
function startsOf(scope: Scope, fixed: string): readonly string[] {
  const start = fixed === "" ? "/" : fixed;
  const inside = scope.places.some((place) => covers(place.path, start));
  if (inside) return [start];
  return scope.places.map((place) => place.path).filter((path) => covers(start, path));
}

/** The files below a folder. Links to folders are not followed: they may lead in circles. */
async function* walk(
  scope: Scope,
  path: string,
  enter: (path: string) => boolean,
): AsyncGenerator<string> {
  const found = scope.find(path);
  if (!found?.stats.isDirectory()) return;
  for await (const item of await opendir(found.hostPath)) {
    const below = posix.join(path, item.name);
    if (item.isDirectory()) {
      if (enter(below.slice(1)) && scope.shows(below, "folder")) yield* walk(scope, below, enter);
      continue;
    }
    if (isFile(scope, below)) yield below;
  }
}

function isFile(scope: Scope, path: string): boolean {
  try {
    return scope.find(path)?.stats.isFile() === true;
  } catch {
    return false; // A link that leads out.
  }
}
