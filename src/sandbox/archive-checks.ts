import { posix } from "node:path";

import { OpsthreadError } from "../core/errors.ts";
import { covers } from "./places.ts";
import { maxDepth } from "./walk-tree.ts";

/** What an archive may hold. */
export interface ArchiveLimits {
  readonly entries: number;
  /** All files, unpacked. */
  readonly bytes: number;
}

export const defaultArchiveLimits: ArchiveLimits = {
  entries: 200_000,
  bytes: 16 * 1024 * 1024 * 1024,
};

export const archiveRefused = (state: string, cause?: unknown): OpsthreadError =>
  new OpsthreadError("SANDBOX_ARCHIVE_REFUSED", `Cannot unpack the archive: ${state}`, { cause });

/** The names that an entry's path goes by, from the folder that it is unpacked to; none for that folder itself. */
export function entryNames(path: string): readonly string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const told = JSON.stringify(path.slice(0, 200));
  if (path.startsWith("/")) throw archiveRefused(`${told} is an absolute path`);
  if (names.includes("..")) throw archiveRefused(`${told} leads out of the folder`);
  if (path.includes("\0")) throw archiveRefused(`${told} is no path`);
  if (names.length > maxDepth || Buffer.byteLength(path) > maxPathBytes)
    throw archiveRefused(`${told} is too long or too deep`);
  if (names.some((name) => Buffer.byteLength(name) > maxNameBytes))
    throw archiveRefused(`a name in ${told} has more than ${maxNameBytes} bytes`);
  return names;
}

const maxNameBytes = 255;
const maxPathBytes = 64 * 1024;

/**
 * Whether a symbolic link that is made at these names stays in the folder, which the sandbox sees as `folderPath`.
 * Only leading `..` are exact: after a name they depend on what that name is, which may be a link itself.
 */
export function staysInside(
  target: string,
  { names, folderPath }: { readonly names: readonly string[]; readonly folderPath: string },
): boolean {
  const steps = target.split("/").filter((name) => name !== "" && name !== ".");
  const up = steps.findIndex((name) => name !== "..");
  const leading = up === -1 ? steps.length : up;
  if (steps.slice(leading).includes("..")) return false;
  if (target.startsWith("/")) return leading === 0 && covers(folderPath, posix.resolve(target));
  return leading < names.length;
}
