import { lstatSync, readdirSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

import { OpsthreadError } from "../core/errors.ts";
import type { Folder } from "./beneath.ts";
import { codeOf } from "./system-error.ts";
import { walkTree } from "./walk-tree.ts";

/** Counts what the files of a workspace take, and refuses what would be too much. */
export interface Quota {
  /** Bytes in use: whole blocks, and one block for each file or folder, so that empty ones are not free. */
  readonly usedBytes: number;
  /**
   * Counts a file that changes its size; undefined is no file.
   * @throws {OpsthreadError} `SANDBOX_QUOTA` when it would be too large or the workspace too full; nothing is counted then
   */
  change(beforeBytes: number | undefined, afterBytes: number | undefined): void;
  /** Counts bytes that are no longer used, as `measureTree` tells them. */
  release(bytes: number): void;
}

export interface QuotaLimits {
  readonly fileBytes: number;
  readonly workspaceBytes: number;
}

export function createQuota({ fileBytes, workspaceBytes }: QuotaLimits, usedBytes: number): Quota {
  let used = usedBytes;
  return {
    get usedBytes() {
      return used;
    },
    change(beforeBytes, afterBytes) {
      const growth = charge(afterBytes) - charge(beforeBytes);
      if (afterBytes !== undefined && afterBytes > Math.max(fileBytes, beforeBytes ?? 0))
        throw tooMuch("fileBytes", `the file would have ${afterBytes} bytes`, fileBytes);
      if (growth > 0 && used + growth > workspaceBytes)
        throw tooMuch(
          "workspaceBytes",
          `the workspace would take ${used + growth} bytes`,
          workspaceBytes,
        );
      used += growth;
    },
    release(bytes) {
      used -= bytes;
    },
  };
}

/** A full file system, told as what it is here: the quota of the workspace. */
export function asQuota(error: unknown): unknown {
  const code = codeOf(error);
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new OpsthreadError(
    "SANDBOX_QUOTA",
    "Cannot write: the workspace is full, expected room for the file (limit workspaceBytes)",
    { data: { limit: "workspaceBytes" }, cause: error },
  );
}

function tooMuch(limit: keyof QuotaLimits, state: string, limitBytes: number): OpsthreadError {
  return new OpsthreadError(
    "SANDBOX_QUOTA",
    `Cannot write: ${state}, expected at most ${limitBytes} (limit ${limit})`,
    { data: { limit, limitBytes } },
  );
}

const blockBytes = 4_096;

/** What a file of this size counts: whole blocks, at least one. */
export const charge = (bytes: number | undefined): number =>
  bytes === undefined ? 0 : Math.max(1, Math.ceil(bytes / blockBytes)) * blockBytes;

/** What a file, or a folder with all that is in it, counts. Links are not followed. */
export async function measureTree(hostPath: string): Promise<number> {
  const stats = await lstat(hostPath);
  if (!stats.isDirectory()) return charge(stats.size);
  let total = charge(0);
  const names = await readdir(hostPath);
  for (let at = 0; at < names.length; at += batch) {
    const some = names.slice(at, at + batch).map((name) => measureTree(join(hostPath, name)));
    for (const bytes of await Promise.all(some)) total += bytes;
  }
  return total;
}

/** The same for a folder that is changed meanwhile, with how many files, folders and links are in it. */
export async function measureFolder(
  folder: Folder,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly bytes: number; readonly files: number }> {
  let bytes = charge(0);
  let files = 0;
  for await (const { stats } of walkTree(folder, { signal })) {
    bytes += charge(stats.isDirectory() ? 0 : Number(stats.size));
    files += 1;
  }
  return { bytes, files };
}

const batch = 64;

/** The same, with nothing happening meanwhile. */
export function measureTreeSync(hostPath: string): number {
  const stats = lstatSync(hostPath);
  if (!stats.isDirectory()) return charge(stats.size);
  return readdirSync(hostPath)
    .map((name) => measureTreeSync(join(hostPath, name)))
    .reduce((sum, bytes) => sum + bytes, charge(0));
}
