import { lstatSync, mkdirSync, realpathSync, type Stats } from "node:fs";
import { dirname, isAbsolute, join, posix, relative, sep } from "node:path";

import { absolutePath, createView, refused, type Grants, type Place } from "./places.ts";
import { codeOf, isMissing } from "./system-error.ts";

/** Something that is there, by its canonical paths. */
export interface Found {
  readonly place: Place;
  readonly path: string;
  readonly hostPath: string;
  readonly stats: Stats;
}

/**
 * The one way from a sandbox path to a host path. It works synchronously, so that between the check and the use
 * of a path nothing else of this process runs.
 * Each function throws `SANDBOX_PATH_REFUSED` for a path that is outside of every place, leads out of its place
 * by a link, or is not granted.
 */
export interface Scope {
  readonly places: readonly Place[];
  /** What the path names, links followed; undefined when nothing is there. */
  find(path: string): Found | undefined;
  /** The same, but a link that the path itself names is not followed. */
  entry(path: string): Found | undefined;
  /** Where a file or folder of this path is to be made. Makes the folders above it, after telling of each. */
  target(path: string, onFolder: () => void): string;
  /** Whether the place shows this file or folder; `path` is canonical. */
  shows(path: string, type: "file" | "folder"): boolean;
}

export function createScope(places: readonly Place[], grants?: Grants): Scope {
  const roots = new Map(places.map((place) => [place, realpathSync.native(place.hostPath)]));
  const view = createView(places, grants);

  const locate = (path: string): Spot => {
    const absolute = absolutePath(path);
    const place = view.placeOf(absolute);
    const root = place && roots.get(place);
    if (!place || root === undefined) throw refused(path);
    return { place, root, path: absolute, below: posix.relative(place.path, absolute) };
  };

  /** What lies at a canonical host path, if the place shows it under both of its names. */
  const found = (spot: Spot, hostPath: string): Found | undefined => {
    const below = relative(spot.root, hostPath);
    if (leadsOut(below)) throw refused(spot.path);
    const stats = lstatSync(hostPath);
    const path = posix.join(spot.place.path, below.split(sep).join("/"));
    for (const name of [spot.path, path]) {
      if (!view.mayRead(name)) throw refused(spot.path);
      if (!view.shows(name, stats.isDirectory() ? "folder" : "file")) return undefined;
    }
    return { place: spot.place, path, hostPath, stats };
  };

  const find = (path: string): Found | undefined => {
    const spot = locate(path);
    return unlessMissing(path, () => found(spot, realpathSync.native(join(spot.root, spot.below))));
  };

  const entry = (path: string): Found | undefined => {
    const spot = locate(path);
    if (spot.below === "") return find(path);
    const name = posix.basename(spot.below);
    return unlessMissing(path, () => {
      const parent = realpathSync.native(join(spot.root, dirname(spot.below)));
      return found(spot, join(parent, name));
    });
  };

  const target = (path: string, onFolder: () => void): string => {
    const spot = locate(path);
    if (!view.mayWrite(spot.path) || spot.below === "") throw refused(path);
    const folder = makeFolders(spot, dirname(spot.below), onFolder);
    return writableAt(spot, join(folder, posix.basename(spot.below)));
  };

  return {
    places,
    find,
    entry,
    target,
    shows: view.shows,
  };
}

interface Spot {
  readonly place: Place;
  readonly root: string;
  readonly path: string;
  readonly below: string;
}

const leadsOut = (below: string): boolean =>
  below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below);

function unlessMissing<T>(path: string, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (codeOf(error) === "ELOOP") throw refused(path);
    throw error;
  }
}

function makeFolders(spot: Spot, below: string, onFolder: () => void): string {
  const folder = join(spot.root, below);
  const real = unlessMissing(spot.path, () => realpathSync.native(folder));
  if (real !== undefined) {
    const isInside = !leadsOut(relative(spot.root, real)) && lstatSync(real).isDirectory();
    if (!isInside) throw refused(spot.path);
    return real;
  }
  const made = join(makeFolders(spot, dirname(below), onFolder), posix.basename(below));
  onFolder();
  try {
    mkdirSync(made, { mode: 0o700 });
  } catch (error) {
    // Another program may have made it just now. A file or a link that leads nowhere can't hold anything.
    const code = codeOf(error);
    if (code !== "EEXIST" && code !== "ENOTDIR") throw error;
    if (!unlessMissing(spot.path, () => lstatSync(made))?.isDirectory()) throw refused(spot.path);
  }
  return made;
}

/** Follows a link at the end of a path to be written, as long as it stays inside. */
function writableAt(spot: Spot, hostPath: string): string {
  const stats = unlessMissing(spot.path, () => lstatSync(hostPath));
  if (stats === undefined) return hostPath;
  if (stats.isDirectory()) return hostPath;
  // A second name of the same file may lie outside. A pipe or device may wait for ever.
  if (stats.isFile() && stats.nlink === 1) return hostPath;
  if (!stats.isSymbolicLink()) throw refused(spot.path);
  const real = unlessMissing(spot.path, () => realpathSync.native(hostPath));
  if (real === undefined || leadsOut(relative(spot.root, real))) throw refused(spot.path);
  return writableAt(spot, real);
}
