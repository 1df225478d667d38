import fs from "node:fs";
import { posix } from "node:path";

import { unsafeBytesFromLatin1, type IFileSystem } from "just-bash";

import { isOpsthreadError } from "../../core/errors.ts";
import type { Place } from "../places.ts";
import type { Found } from "../scope.ts";
import { codeOf, withCode } from "../system-error.ts";
import { encodingOf, toBuffer } from "./fs-content.ts";
import { failure } from "./fs-failure.ts";
import { placeFiles, type PlaceFilesOptions } from "./place-files.ts";

/** What the shell's commands do not tell, or tell wrongly: they take most failures for a missing file. */
export interface ShellNotes {
  /** Plain sentences for the reader of the result. */
  readonly sentences: Set<string>;
  /** The first limit that a write ran into. */
  limit?: string;
}

export interface PlaceFsOptions extends PlaceFilesOptions {
  readonly notes: () => ShellNotes;
}

/**
 * A place as a file system of the shell. It makes no links: what has none can't lead out, and nothing can be
 * exchanged for a link between a check and a use.
 */
export function placeFs(place: Place, { notes, ...options }: PlaceFsOptions): IFileSystem {
  const files = placeFiles(place, options);
  const full = (path: string): string => posix.join(place.path, path);

  /** Runs one operation, with errors as the shell's commands know them and without host paths. */
  const attempt = async <T>(operation: string, path: string, work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      const code = codeFor(error);
      const told = sentenceFor(error, options.maxReadBytes);
      if (isOpsthreadError(error, "SANDBOX_QUOTA")) notes().limit ??= String(error.data["limit"]);
      if (told !== undefined && notes().sentences.size < maxSentences)
        notes().sentences.add(`${full(path)}: ${told}`);
      throw failure(code, operation, full(path));
    }
  };

  const refuse = async (operation: string, path: string): Promise<never> => {
    throw failure("EPERM", operation, full(path));
  };

  return {
    readFile: (path, how) =>
      attempt("open", path, () => files.read(path).toString(encodingOf(how))),
    readFileBuffer: (path) => attempt("open", path, () => files.read(path)),
    // Without this one the interpreter makes the same string byte by byte, in seconds and gigabytes.
    readFileBytes: (path) =>
      attempt("open", path, () => unsafeBytesFromLatin1(files.read(path).toString("latin1"))),
    writeFile: (path, content, how) =>
      attempt("write", path, () => files.write(path, toBuffer(content, how), "w")),
    appendFile: (path, content, how) =>
      attempt("write", path, () => files.write(path, toBuffer(content, how), "a")),

    // What leads out or is not granted is not there.
    exists: (path) => attempt("stat", path, () => files.isThere(path)).catch(() => false),
    stat: (path) => attempt("stat", path, () => statOf(files.existing(path))),
    lstat: (path) => attempt("lstat", path, () => statOf(files.named(path))),
    readdir: (path) => attempt("scandir", path, () => files.entries(path).map(({ name }) => name)),
    readdirWithFileTypes: (path) =>
      attempt("scandir", path, () => files.entries(path).map(entryOf)),
    realpath: (path) =>
      attempt("realpath", path, () => `/${posix.relative(place.path, files.existing(path).path)}`),

    mkdir: (path, how) =>
      attempt("mkdir", path, () => {
        if (how?.recursive && files.isThere(path) && files.existing(path).stats.isDirectory())
          return;
        if (!how?.recursive) files.existing(posix.dirname(path));
        files.makeFolder(path);
      }),
    rm: (path, how) =>
      attempt("rm", path, () => {
        if (how?.force && !files.isThere(path)) return;
        files.remove(path, { recursive: how?.recursive === true });
      }),
    cp: (from, to, how) =>
      attempt("cp", from, () => files.copy(from, to, { recursive: how?.recursive === true })),
    mv: (from, to) => attempt("mv", from, () => files.move(from, to)),
    chmod: (path, mode) =>
      attempt("chmod", path, () => files.setExecutable(path, (mode & 0o100) !== 0)),
    utimes: (path, atime, mtime) =>
      attempt("utimes", path, () => files.setTimes(path, atime, mtime)),

    symlink: (_target, path) => refuse("symlink", path),
    link: (_existing, path) => refuse("link", path),
    readlink: (path) => attempt("readlink", path, () => linkOf(files.named(path))),
    resolvePath: (base, path) => posix.resolve(base, path),
    getAllPaths: () => [],
  };
}

const maxSentences = 10;

function codeFor(error: unknown): string {
  if (isOpsthreadError(error, "SANDBOX_QUOTA")) return "ENOSPC";
  return isOpsthreadError(error) ? "EACCES" : (codeOf(error) ?? "EIO");
}

function sentenceFor(error: unknown, maxReadBytes: number): string | undefined {
  if (isOpsthreadError(error, "SANDBOX_QUOTA")) return error.message;
  if (codeOf(error) !== "EFBIG") return undefined;
  return `the file is there, but it is larger than the ${maxReadBytes} bytes that this shell can read`;
}

const statOf = ({ stats }: Found): Awaited<ReturnType<IFileSystem["stat"]>> => ({
  isFile: stats.isFile(),
  isDirectory: stats.isDirectory(),
  isSymbolicLink: stats.isSymbolicLink(),
  mode: stats.mode,
  size: stats.size,
  mtime: stats.mtime,
  dev: stats.dev,
  ino: stats.ino,
});

const entryOf = (
  item: fs.Dirent,
): Record<"isFile" | "isDirectory" | "isSymbolicLink", boolean> & { name: string } => ({
  name: item.name,
  isFile: item.isFile(),
  isDirectory: item.isDirectory(),
  isSymbolicLink: item.isSymbolicLink(),
});

function linkOf({ hostPath, stats }: Found): string {
  if (!stats.isSymbolicLink()) throw withCode("EINVAL");
  const link = fs.readlinkSync(hostPath);
  if (posix.isAbsolute(link)) throw withCode("EACCES"); // A path of the host.
  return link;
}
