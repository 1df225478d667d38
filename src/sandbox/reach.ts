import { lstatSync, mkdirSync, readlinkSync, type Stats } from "node:fs";

import { openFolder, type Folder } from "./beneath.ts";
import { absolutePath, covers, createView, refused, type Grants, type Place } from "./places.ts";
import { codeOf, isMissing, withCode } from "./system-error.ts";

/** Something that is there, held in place for as long as it is not disposed. */
export interface Reached extends Disposable {
  /** The sandbox path without links. */
  readonly path: string;
  readonly stats: Stats;
  /** Host path to use it by, without following a link at its end. */
  readonly hostPath: string;
  /**
   * Holds it open as a folder.
   * @throws `ENOTDIR` when it isn't one (any more)
   */
  folder(): Folder;
}

/** Where something is to be made: a name in a folder that is held open. */
export interface Target extends Disposable {
  readonly path: string;
  readonly folder: Folder;
  readonly name: string;
  /** What is there now. */
  readonly stats: Stats | undefined;
}

/**
 * The way from a sandbox path to what it names, while the sandbox changes everything on the way. Each step is one
 * name in a folder that is held open, links are read and followed here, in the sandbox's paths, and nothing that
 * the sandbox may have made is ever opened through a link.
 * Each function throws `SANDBOX_PATH_REFUSED` for a path that is outside of every place, leads out of them by a
 * link, or is not granted.
 */
export interface Reach {
  readonly places: readonly Place[];
  /** Whether this path, absolute and without links, may be written. */
  readonly mayWrite: (path: string) => boolean;
  /** What the path names, links followed; undefined when nothing is there. */
  find(path: string): Reached | undefined;
  /** The same, but a link that the path itself names is not followed. */
  entry(path: string): Reached | undefined;
  /**
   * Where a file or folder of this path is to be made. Makes the folders above it by `makeFolder`.
   * A link at the path's end is followed when what it names is there.
   */
  target(path: string, makeFolder: (parent: Folder, name: string) => void): Target;
  readonly shows: (path: string, type: "file" | "folder") => boolean;
}

export function createReach(places: readonly Place[], grants?: Grants): Reach {
  const view = createView(places, grants);

  const visible = (asked: string, reached: Reached | undefined): Reached | undefined => {
    if (!reached) return undefined;
    const type = reached.stats.isDirectory() ? "folder" : "file";
    const names = [asked, reached.path];
    if (names.every((name) => view.mayRead(name) && view.shows(name, type))) return reached;
    reached[Symbol.dispose]();
    if (names.every((name) => view.mayRead(name))) return undefined;
    throw refused(asked);
  };

  const look = (path: string, followLast: boolean): Reached | undefined => {
    const absolute = absolutePath(path);
    if (!view.placeOf(absolute)) throw refused(path);
    const walk = startWalk(places, absolute);
    try {
      return visible(absolute, walk.end({ followLast }));
    } catch (error) {
      walk.leave();
      if (isMissing(error)) return undefined;
      throw error;
    }
  };

  return {
    places,
    mayWrite: view.mayWrite,
    find: (path) => look(path, true),
    entry: (path) => look(path, false),
    target(path, make) {
      const absolute = absolutePath(path);
      if (!view.mayWrite(absolute)) throw refused(path);
      const walk = startWalk(places, absolute);
      try {
        const target = walk.target(make);
        if (view.mayWrite(target.path)) return target;
        throw refused(path);
      } catch (error) {
        walk.leave();
        throw isMissing(error) ? refused(path, "a file or a broken link is in its way") : error;
      }
    },
    shows: view.shows,
  };
}

interface Walk {
  end(options: { readonly followLast: boolean }): Reached | undefined;
  target(makeFolder: (parent: Folder, name: string) => void): Target;
  /** Lets go of the folders that it holds. */
  leave(): void;
}

/** As many as Linux follows. */
const maxLinks = 40;

/** One step of the walk: above the places there is no folder to hold. */
interface Level {
  readonly name: string;
  readonly folder?: Folder;
}

function startWalk(places: readonly Place[], asked: string): Walk {
  const todo = asked.split("/");
  let levels: Level[] = [];
  let links = 0;
  /** Names in `todo` that a link told. */
  let told = 0;

  const pathOf = (name?: string): string =>
    `/${[...levels.map((level) => level.name), ...(name === undefined ? [] : [name])].join("/")}`;
  const leaveTo = (count: number): void => {
    for (const { folder } of levels.slice(count)) folder?.[Symbol.dispose]();
    levels = levels.slice(0, count);
  };
  const leave = (): void => leaveTo(0);

  /** The next name to go by, with what can be done without looking at the disk done. */
  const next = ():
    | { readonly name: string; readonly isLast: boolean; readonly told: boolean }
    | undefined => {
    for (;;) {
      const name = todo.shift();
      if (name === undefined) return undefined;
      const byLink = told > 0;
      told = Math.max(0, told - 1);
      if (name === "" || name === ".") continue;
      if (name !== "..") return { name, isLast: todo.every(isNoStep), told: byLink };
      leaveTo(Math.max(0, levels.length - 1));
    }
  };

  const follow = (parent: Folder, name: string): void => {
    links += 1;
    const link = readLink(parent, name);
    if (links > maxLinks || link === "") throw refused(asked, "its links lead in circles");
    const names = link.split("/");
    if (link.startsWith("/")) leave();
    todo.unshift(...names);
    told += names.length;
  };

  /** Enters what is no entry of a folder on disk: the places and what is above them. */
  const enterAbove = (name: string): void => {
    const path = pathOf(name);
    const place = places.find((candidate) => candidate.path === path);
    if (!place && !places.some((candidate) => covers(path, candidate.path))) throw refused(asked);
    levels.push(place ? { name, folder: openFolder(place.hostPath) } : { name });
  };

  const here = (): Reached => {
    const folder = levels.at(-1)?.folder;
    if (!folder) throw refused(asked);
    return {
      path: pathOf(),
      stats: lstatSync(`${folder.self}/.`),
      hostPath: folder.self,
      folder: () => ({ ...folder, [Symbol.dispose]() {} }),
      [Symbol.dispose]: leave,
    };
  };

  return {
    leave,
    end({ followLast }) {
      for (let step = next(); step; step = next()) {
        const { name, isLast } = step;
        const parent = levels.at(-1)?.folder;
        if (!parent) {
          enterAbove(name);
          continue;
        }
        const stats = lstatSync(parent.at(name));
        if (stats.isSymbolicLink() && (!isLast || followLast)) follow(parent, name);
        else if (isLast)
          return {
            path: pathOf(name),
            stats,
            hostPath: parent.at(name),
            folder: () => parent.enter(name),
            [Symbol.dispose]: leave,
          };
        else levels.push({ name, folder: parent.enter(name) });
      }
      return here();
    },
    target(make) {
      for (let step = next(); step; step = next()) {
        const { name, isLast } = step;
        const parent = levels.at(-1)?.folder;
        if (!parent) {
          enterAbove(name);
          continue;
        }
        const stats = lstatSync(parent.at(name), { throwIfNoEntry: false });
        if (stats?.isSymbolicLink()) follow(parent, name);
        else if (isLast) {
          // A link that leads nowhere does not make what it names.
          if (!stats && step.told) throw refused(asked, "a broken link is in its way");
          return { path: pathOf(name), folder: parent, name, stats, [Symbol.dispose]: leave };
        } else {
          if (!stats && !step.told) make(parent, name);
          levels.push({ name, folder: parent.enter(name) });
        }
      }
      throw refused(asked, "it is a folder", "a path in it");
    },
  };
}

function readLink(parent: Folder, name: string): string {
  try {
    return readlinkSync(parent.at(name));
  } catch (error) {
    // Something else has taken its place just now.
    throw codeOf(error) === "EINVAL" ? withCode("ENOENT") : error;
  }
}

const isNoStep = (name: string): boolean => name === "" || name === ".";

/** Makes a folder. One that another program makes at the same time is as good. */
export function makeFolder(parent: Folder, name: string): void {
  try {
    mkdirSync(parent.at(name), { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}
