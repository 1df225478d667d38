import { fchmodSync, fchownSync, futimesSync, lstatSync, unlinkSync } from "node:fs";
import { lchown, link, lutimes, symlink } from "node:fs/promises";

import {
  archiveRefused,
  defaultArchiveLimits,
  entryNames,
  staysInside,
  type ArchiveLimits,
} from "./archive-checks.ts";
import type { Folder } from "./beneath.ts";
import { createFile } from "./file-bytes.ts";
import { growingTree, type GrowingTree } from "./growing-tree.ts";
import type { Owner } from "./owner.ts";
import { asQuota, createQuota, type Quota } from "./quota.ts";
import { codeOf } from "./system-error.ts";
import { tarEntries, type TarEntry } from "./tar-entries.ts";

export interface UnpackTreeOptions {
  readonly signal: AbortSignal;
  /** Whom what is made belongs to; the archive's owners are not kept. Default: this process's user. */
  readonly owner?: Owner | undefined;
  /** Links that lead out of this folder, by its path in the sandbox, are refused. Default: any link is made. */
  readonly linksWithin?: string;
  readonly limits?: ArchiveLimits;
  readonly quota?: Quota;
}

export interface Unpacked {
  readonly entries: number;
  /** What the files hold. */
  readonly bytes: number;
}

/**
 * Unpacks a tar stream into an empty folder. Nothing is made outside of it, whatever the stream holds. Modes
 * (without set-id bits), times and links are kept. When it fails, what was unpacked so far is left.
 * @throws {OpsthreadError} `SANDBOX_ARCHIVE_REFUSED`, `SANDBOX_QUOTA`
 */
export async function unpackTree(
  folder: Folder,
  archive: AsyncIterable<Uint8Array>,
  { signal, owner, linksWithin, ...options }: UnpackTreeOptions,
): Promise<Unpacked> {
  const { limits = defaultArchiveLimits, quota = createQuota(noLimits, 0) } = options;
  using tree = growingTree(folder, { owner, onFolder: () => quota.change(undefined, 0) });
  const unpack = { tree, owner, quota, signal, linksWithin };
  let entries = 0;
  let bytes = 0;
  try {
    for await (const entry of tarEntries(archive, { signal })) {
      signal.throwIfAborted();
      entries += 1;
      bytes += isFile(entry) ? entry.size : 0;
      if (entries > limits.entries)
        throw archiveRefused(`it has more than ${limits.entries} entries`);
      if (bytes > limits.bytes) throw archiveRefused(`it holds more than ${limits.bytes} bytes`);
      await unpackEntry(entry, unpack);
    }
    await tree.finish();
  } catch (error) {
    throw told(error);
  }
  return { entries, bytes };
}

const noLimits = { fileBytes: Infinity, workspaceBytes: Infinity };

interface Unpack {
  readonly tree: GrowingTree;
  readonly owner: Owner | undefined;
  readonly quota: Quota;
  readonly signal: AbortSignal;
  readonly linksWithin: string | undefined;
}

const isFile = ({ type }: TarEntry): boolean => type === "file" || type === "contiguous-file";

async function unpackEntry(entry: TarEntry, unpack: Unpack): Promise<void> {
  const { tree, owner, quota, linksWithin } = unpack;
  const { type, path, target, mtime } = entry;
  const names = entryNames(path);
  const name = names.at(-1);
  if (type === "directory") return tree.folder(names, entry);
  if (name === undefined) throw archiveRefused(`${JSON.stringify(path)} is no name of a file`);
  const parent = tree.parentOf(names);
  if (isFile(entry)) return unpackFile(entry, parent.at(makeRoom(parent, name)), unpack);
  if (type === "symlink") {
    const isOut =
      linksWithin !== undefined && !staysInside(target, { names, folderPath: linksWithin });
    if (isOut || target === "")
      throw archiveRefused(`the link ${JSON.stringify(path)} leads out of the folder`);
    quota.change(undefined, 0);
    const hostPath = parent.at(makeRoom(parent, name));
    await symlink(target, hostPath);
    if (owner) await lchown(hostPath, owner.uid, owner.gid);
    return lutimes(hostPath, mtime, mtime);
  }
  if (type === "link") {
    const earlier = tree.fileAt(entryNames(target));
    if (earlier === undefined)
      throw archiveRefused(`${JSON.stringify(path)} is a second name of what is not in it`);
    using _ = earlier;
    quota.change(undefined, 0);
    return await link(earlier.hostPath, parent.at(makeRoom(parent, name)));
  }
  throw archiveRefused(`${JSON.stringify(path)} is a ${type}`);
}

async function unpackFile(
  { bytes, mode, mtime }: TarEntry,
  hostPath: string,
  { owner, quota, signal }: Unpack,
): Promise<void> {
  using file = createFile(hostPath);
  if (owner) fchownSync(file.fd, owner.uid, owner.gid);
  quota.change(undefined, 0);
  let size = 0;
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    quota.change(size, size + chunk.length);
    size += chunk.length;
    await file.write(chunk);
  }
  fchmodSync(file.fd, mode & 0o777);
  futimesSync(file.fd, mtime, mtime);
}

/** A later entry of the same name takes the place of the earlier one, but a file not that of a folder. */
function makeRoom(parent: Folder, name: string): string {
  const stats = lstatSync(parent.at(name), { throwIfNoEntry: false });
  if (stats?.isDirectory()) throw archiveRefused(`it has a file in place of the folder "${name}"`);
  if (stats) unlinkSync(parent.at(name));
  return name;
}

/** Failures of system calls that the archive is to blame for. */
function told(error: unknown): unknown {
  const code = codeOf(error);
  if (code === "ENOTDIR" || code === "ELOOP")
    return archiveRefused("it has a file or a link in place of a folder", error);
  if (code === "EEXIST" || code === "ENAMETOOLONG" || code === "EINVAL" || code === "EMLINK")
    return archiveRefused("it can't be unpacked here", error);
  return asQuota(error);
}
