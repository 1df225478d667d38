import fs from "node:fs";
import { posix } from "node:path";

import type { Place } from "../places.ts";
import { measureTreeSync, type Quota } from "../quota.ts";
import type { Found, Scope } from "../scope.ts";
import { withCode } from "../system-error.ts";

/**
 * What a shell can do with the files of a place. Paths are relative to the place and begin with `/`. All of it is
 * synchronous, so that nothing of this process comes between a check and what is checked.
 */
export interface PlaceFiles {
  /** What is there, links followed. */
  existing(path: string): Found;
  /** What is there, a link itself included. */
  named(path: string): Found;
  isThere(path: string): boolean;
  entries(path: string): readonly fs.Dirent[];
  read(path: string): Buffer;
  write(path: string, content: Buffer, flag: "w" | "a"): void;
  makeFolder(path: string): void;
  remove(path: string, options: { readonly recursive: boolean }): void;
  copy(from: string, to: string, options: { readonly recursive: boolean }): void;
  move(from: string, to: string): void;
  setExecutable(path: string, yes: boolean): void;
  setTimes(path: string, atime: Date, mtime: Date): void;
}

export interface PlaceFilesOptions {
  readonly scope: Scope;
  readonly quota: () => Quota;
  /** The largest file that can be read. */
  readonly maxReadBytes: number;
}

export function placeFiles(
  place: Place,
  { scope, quota, maxReadBytes }: PlaceFilesOptions,
): PlaceFiles {
  const full = (path: string): string => posix.join(place.path, path);
  const target = (path: string): string => {
    if (!place.writable) throw withCode("EROFS");
    return scope.target(full(path), () => quota().change(undefined, 0));
  };

  const self: PlaceFiles = {
    existing: (path) => scope.find(full(path)) ?? missing(),
    named: (path) => scope.entry(full(path)) ?? missing(),
    isThere: (path) => scope.find(full(path)) !== undefined,

    entries(path) {
      const { hostPath, path: canonical } = self.existing(path);
      const items = fs.readdirSync(hostPath, { withFileTypes: true });
      return items.filter((item) =>
        scope.shows(posix.join(canonical, item.name), item.isDirectory() ? "folder" : "file"),
      );
    },

    read(path) {
      const { stats, hostPath } = self.existing(path);
      assertFile(stats);
      if (stats.size > maxReadBytes) throw withCode("EFBIG");
      return fs.readFileSync(hostPath);
    },

    write(path, content, flag) {
      const hostPath = target(path);
      const before = sizeOf(hostPath);
      quota().change(before, content.length + (flag === "a" ? (before ?? 0) : 0));
      fs.writeFileSync(hostPath, content, { flag, mode: 0o600 });
    },

    makeFolder(path) {
      const hostPath = target(path);
      if (sizeOf(hostPath) !== undefined) throw withCode("EEXIST");
      quota().change(undefined, 0);
      fs.mkdirSync(hostPath, { mode: 0o700 });
    },

    remove(path, { recursive }) {
      const { hostPath, stats } = self.named(path);
      target(path); // What can't be written can't be removed.
      const bytes = measureTreeSync(hostPath);
      if (!stats.isDirectory()) fs.unlinkSync(hostPath);
      else if (recursive) fs.rmSync(hostPath, { recursive: true });
      else fs.rmdirSync(hostPath);
      quota().release(bytes);
    },

    copy(from, to, { recursive }) {
      const source = self.existing(from);
      if (!source.stats.isDirectory()) {
        assertFile(source.stats);
        const hostPath = target(to);
        quota().change(sizeOf(hostPath), source.stats.size);
        fs.copyFileSync(source.hostPath, hostPath, fs.constants.COPYFILE_FICLONE);
        fs.chmodSync(hostPath, 0o600);
        return;
      }
      if (!recursive) throw withCode("EISDIR");
      if (!self.isThere(to)) self.makeFolder(to);
      for (const { name } of self.entries(from))
        self.copy(posix.join(from, name), posix.join(to, name), { recursive });
    },

    move(from, to) {
      const { hostPath } = self.named(from);
      target(from);
      const destination = target(to);
      const replaced = sizeOf(destination);
      fs.renameSync(hostPath, destination);
      quota().change(replaced, undefined);
    },

    setExecutable(path, yes) {
      const { stats } = self.existing(path);
      fs.chmodSync(target(path), stats.isDirectory() || yes ? 0o700 : 0o600);
    },

    setTimes(path, atime, mtime) {
      self.existing(path);
      fs.utimesSync(target(path), atime, mtime);
    },
  };
  return self;
}

/** The shell's files are no place for devices and pipes: reading one may wait for ever. */
function assertFile(stats: fs.Stats): void {
  if (stats.isDirectory()) throw withCode("EISDIR");
  if (!stats.isFile()) throw withCode("EACCES");
}

function missing(): never {
  throw withCode("ENOENT");
}

/** What a file counts; a folder counts the same whatever its size. */
function sizeOf(hostPath: string): number | undefined {
  const stats = fs.lstatSync(hostPath, { throwIfNoEntry: false });
  return stats?.isDirectory() ? 0 : stats?.size;
}
