import fs from "node:fs";
import { posix } from "node:path";

import { unsafeBytesFromLatin1, type IFileSystem } from "just-bash";

import { isOpsthreadError } from "../../core/errors.ts";
import { measureTree, type Quota } from "../quota.ts";
import { codeOf, type Found, type Place, type Scope } from "../scope.ts";

/** What the shell's commands do not tell, or tell wrongly: they take most failures for a missing file. */
export interface ShellNotes {
  /** Plain sentences for the reader of the result. */
  readonly notes: Set<string>;
  /** The first limit that a write ran into. */
  limit?: string;
}

export interface PlaceFsOptions {
  readonly scope: Scope;
  readonly quota: () => Quota;
  readonly notes: () => ShellNotes;
  /** The largest file that the shell can hold. */
  readonly maxReadBytes: number;
}

/**
 * A place as a file system of the shell. Paths are relative to the place and begin with `/`.
 * It makes no links: what has none can't lead out.
 */
export function placeFs(place: Place, options: PlaceFsOptions): IFileSystem {
  const { scope, quota, notes, maxReadBytes } = options;
  const full = (path: string): string => posix.join(place.path, path);

  const note = (sentence: string): void => {
    if (notes().notes.size < maxNotes) notes().notes.add(sentence);
  };

  /** Runs one operation, with errors as the shell's commands know them and without host paths. */
  const attempt = <T>(operation: string, path: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (isOpsthreadError(error, "SANDBOX_QUOTA")) {
        notes().limit ??= String(error.data["limit"]);
        note(`${full(path)}: ${error.message}`);
        throw failure("ENOSPC", operation, full(path));
      }
      const code = isOpsthreadError(error) ? "EACCES" : codeOf(error);
      throw failure(code ?? "EIO", operation, full(path));
    }
  };

  const existing = (path: string): Found => {
    const found = scope.find(full(path));
    if (!found) throw withCode("ENOENT");
    return found;
  };

  const named = (path: string): Found => {
    const entry = scope.entry(full(path));
    if (!entry) throw withCode("ENOENT");
    return entry;
  };

  const target = (path: string): string => {
    if (!place.writable) throw withCode("EROFS");
    return scope.target(full(path));
  };

  const read = (path: string): Buffer =>
    attempt("open", path, () => {
      const { stats, hostPath } = existing(path);
      if (stats.isDirectory()) throw withCode("EISDIR");
      if (!stats.isFile()) throw withCode("EACCES");
      if (stats.size > maxReadBytes) {
        note(
          `${full(path)} was not read: it has ${stats.size} bytes, and this shell reads at most ${maxReadBytes}`,
        );
        throw withCode("EFBIG");
      }
      return fs.readFileSync(hostPath);
    });

  const write = (path: string, content: Buffer, flag: "w" | "a"): void =>
    attempt("write", path, () => {
      const hostPath = target(path);
      const before = sizeOf(hostPath);
      quota().change(before, content.length + (flag === "a" ? (before ?? 0) : 0));
      fs.writeFileSync(hostPath, content, { flag, mode: 0o600 });
    });

  const copy = (from: string, to: string, recursive: boolean): void => {
    const source = existing(from);
    if (source.stats.isDirectory()) {
      if (!recursive) throw withCode("EISDIR");
      if (!sizeOf(target(to))) makeFolder(to);
      for (const name of fs.readdirSync(source.hostPath))
        copy(posix.join(from, name), posix.join(to, name), true);
      return;
    }
    const hostPath = target(to);
    quota().change(sizeOf(hostPath), source.stats.size);
    fs.copyFileSync(source.hostPath, hostPath, fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(hostPath, 0o600);
  };

  const makeFolder = (path: string): void => {
    const hostPath = target(path);
    fs.mkdirSync(hostPath, { mode: 0o700 });
    quota().change(undefined, 0);
  };

  return {
    readFile: async (path, how) => read(path).toString(encodingOf(how)),
    readFileBuffer: async (path) => read(path),
    // Without this one the interpreter makes the same string byte by byte, in seconds and gigabytes.
    readFileBytes: async (path) => unsafeBytesFromLatin1(read(path).toString("latin1")),
    writeFile: async (path, content, how) => write(path, toBuffer(content, how), "w"),
    appendFile: async (path, content, how) => write(path, toBuffer(content, how), "a"),

    async exists(path) {
      try {
        return scope.find(full(path)) !== undefined;
      } catch {
        return false; // It leads out, or is not granted.
      }
    },
    stat: async (path) => attempt("stat", path, () => statOf(existing(path))),
    lstat: async (path) => attempt("lstat", path, () => statOf(named(path))),
    realpath: async (path) =>
      attempt("realpath", path, () => `/${posix.relative(place.path, existing(path).path)}`),
    readdir: async (path) => attempt("scandir", path, () => entries(path).map(({ name }) => name)),
    readdirWithFileTypes: async (path) =>
      attempt("scandir", path, () =>
        entries(path).map((item) => ({
          name: item.name,
          isFile: item.isFile(),
          isDirectory: item.isDirectory(),
          isSymbolicLink: item.isSymbolicLink(),
        })),
      ),

    async mkdir(path, how) {
      attempt("mkdir", path, () => {
        const found = scope.find(full(path));
        if (found && how?.recursive && found.stats.isDirectory()) return;
        if (found) throw withCode("EEXIST");
        if (!how?.recursive) existing(posix.dirname(path));
        makeFolder(path);
      });
    },

    async rm(path, how) {
      const entry = attempt("rm", path, () => scope.entry(full(path)));
      if (!entry && how?.force) return;
      const bytes = entry ? await measureTree(entry.hostPath) : 0;
      attempt("rm", path, () => {
        const { hostPath, stats } = named(path);
        target(path);
        if (!stats.isDirectory()) fs.unlinkSync(hostPath);
        else if (how?.recursive) fs.rmSync(hostPath, { recursive: true });
        else fs.rmdirSync(hostPath);
        quota().release(bytes);
      });
    },

    async cp(from, to, how) {
      attempt("cp", from, () => copy(from, to, how?.recursive === true));
    },

    async mv(from, to) {
      attempt("mv", from, () => {
        target(from);
        const hostPath = target(to);
        const replaced = sizeOf(hostPath);
        fs.renameSync(named(from).hostPath, hostPath);
        quota().change(replaced, undefined);
      });
    },

    resolvePath: (base, path) => posix.resolve(base, path),
    getAllPaths: () => [],

    async chmod(path, mode) {
      attempt("chmod", path, () => {
        // Its owner can always read, write and remove it; what others may is not for the sandbox to say.
        const { stats } = existing(path);
        fs.chmodSync(target(path), stats.isDirectory() ? 0o700 : 0o600 | (mode & 0o100));
      });
    },
    async utimes(path, atime, mtime) {
      attempt("utimes", path, () => fs.utimesSync(target(path), atime, mtime));
    },
    async symlink(_target, path) {
      throw failure("EPERM", "symlink", full(path));
    },
    async link(_existing, path) {
      throw failure("EPERM", "link", full(path));
    },
    async readlink(path) {
      return attempt("readlink", path, () => {
        const { hostPath, stats } = named(path);
        if (!stats.isSymbolicLink()) throw withCode("EINVAL");
        const link = fs.readlinkSync(hostPath);
        if (posix.isAbsolute(link)) throw withCode("EACCES"); // A path of the host.
        return link;
      });
    },
  };

  function entries(path: string): fs.Dirent[] {
    const { hostPath, path: canonical } = existing(path);
    return fs
      .readdirSync(hostPath, { withFileTypes: true })
      .filter((item) =>
        scope.shows(posix.join(canonical, item.name), item.isDirectory() ? "folder" : "file"),
      );
  }
}

const maxNotes = 10;

const sentences: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "file already exists",
  EFBIG: "file too large",
  EINVAL: "invalid argument",
  EISDIR: "illegal operation on a directory",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
};

const failure = (code: string, operation: string, path: string): Error =>
  new Error(`${code}: ${sentences[code] ?? "input/output error"}, ${operation} '${path}'`);

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

const sizeOf = (hostPath: string): number | undefined =>
  fs.lstatSync(hostPath, { throwIfNoEntry: false })?.size;

type Encoding = "utf8" | "utf-8" | "ascii" | "binary" | "base64" | "hex" | "latin1";
type HowToCode = Encoding | { encoding?: Encoding | null } | undefined;

const encodingOf = (how: HowToCode): Encoding =>
  (typeof how === "string" ? how : how?.encoding) ?? "utf8";

const toBuffer = (content: string | Uint8Array, how: HowToCode): Buffer =>
  typeof content === "string" ? Buffer.from(content, encodingOf(how)) : Buffer.from(content);

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
