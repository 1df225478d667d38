import { closeSync, constants, existsSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";

import { withCode } from "./system-error.ts";

/**
 * A folder that is held open. While others rename, remove and exchange what lies above it, it stays the same folder:
 * no name above it is looked up again. That holds on Linux, by `/proc/self/fd`; elsewhere it is a path like any other.
 */
export interface Folder extends Disposable {
  /** Host path of the folder itself. */
  readonly self: string;
  /** Host path of a name in the folder. What uses it must not follow a link at its end. */
  at(name: string): string;
  /**
   * Holds a folder in it open.
   * @throws `ENOTDIR` for anything else, a link to a folder too
   */
  enter(name: string): Folder;
}

/** Holds a folder open whose own path nobody else can change. */
export function openFolder(hostPath: string): Folder {
  if (!hasDescriptorPaths()) return folderByPath(hostPath);
  return folderByDescriptor(openSync(hostPath, folderFlags));
}

/** Of `open(2)` on Linux; Node does not name it. What is opened so is held, and not read or waited for. */
const O_PATH = 0o10000000;
const folderFlags = O_PATH | (constants.O_DIRECTORY ?? 0);

const hasDescriptorPaths = (): boolean =>
  process.platform === "linux" && existsSync("/proc/self/fd");

function folderByDescriptor(fd: number): Folder {
  let open = true;
  const self = `/proc/self/fd/${fd}`;
  const at = (name: string): string => {
    if (!open) throw withCode("EBADF"); // The number may be that of another file by now.
    return `${self}/${plain(name)}`;
  };
  return {
    self,
    at,
    enter: (name) => folderByDescriptor(openSync(at(name), folderFlags | constants.O_NOFOLLOW)),
    [Symbol.dispose]() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

function folderByPath(self: string): Folder {
  const at = (name: string): string => join(self, plain(name));
  return {
    self,
    at,
    enter(name) {
      if (!lstatSync(at(name)).isDirectory()) throw withCode("ENOTDIR");
      return folderByPath(at(name));
    },
    [Symbol.dispose]() {},
  };
}

/** A name is one step down, and never a path. */
function plain(name: string): string {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) throw withCode("EINVAL");
  return name;
}
