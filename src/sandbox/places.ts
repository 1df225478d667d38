import { posix } from "node:path";

import { OpsthreadError } from "../core/errors.ts";
import { compileGlob } from "./glob.ts";

/** A host folder as the sandbox sees it. */
export interface Place {
  /** `/workspace` or `/sources/<name>`. */
  readonly path: string;
  readonly hostPath: string;
  readonly writable: boolean;
  /** Globs relative to the folder; files that match none are not there. Default: every file. */
  readonly include?: readonly string[];
}

/** Sandbox paths at and below which reading or writing is granted. */
export interface Grants {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

export const workspacePath = "/workspace";

/** What of the places is shown and granted, by absolute sandbox paths without links. */
export interface View {
  readonly places: readonly Place[];
  placeOf(path: string): Place | undefined;
  mayRead(path: string): boolean;
  readonly mayWrite: (path: string) => boolean;
  /** Whether the place shows a file or folder of this path. */
  readonly shows: (path: string, type: "file" | "folder") => boolean;
}

const everything: Grants = { read: ["/"], write: ["/"] };

export function createView(places: readonly Place[], grants: Grants = everything): View {
  const globs = new Map(
    places.flatMap((place) =>
      place.include ? [[place, compileGlob(place.include)] as const] : [],
    ),
  );
  const placeOf = (path: string): Place | undefined =>
    places.find((place) => covers(place.path, path));
  return {
    places,
    placeOf,
    mayRead: (path) => grants.read.some((grant) => covers(grant, path)),
    mayWrite: (path) =>
      placeOf(path)?.writable === true && grants.write.some((grant) => covers(grant, path)),
    shows(path, type) {
      const place = placeOf(path);
      if (!place) return false;
      const glob = globs.get(place);
      const below = posix.relative(place.path, path);
      return glob === undefined || below === "" || glob[type](below);
    },
  };
}

/** Whether `path` is `parent` or below it. */
export const covers = (parent: string, path: string): boolean =>
  path === parent || path.startsWith(parent.endsWith("/") ? parent : `${parent}/`);

/** A path as the sandbox means it. `..` is taken by name, before any link is followed. */
export function absolutePath(path: string): string {
  if (path.includes("\0")) throw refused(path);
  return posix.resolve(workspacePath, path);
}

export const refused = (
  path: string,
  state = "it is outside of what the sandbox may use",
  expected = "a path in /workspace or /sources",
): OpsthreadError =>
  new OpsthreadError(
    "SANDBOX_PATH_REFUSED",
    `Cannot use "${path}": ${state}, expected ${expected}`,
  );
