import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { syncFile } from "./compression.ts";
import { readSuperblock } from "./ext4-superblock.ts";
import type { Snapshot } from "./sandbox.ts";
import { codeOf } from "./system-error.ts";

/** A snapshot's file says all about it by its name. */
export interface SnapshotFile {
  readonly name: string;
  readonly id: string;
  readonly takenAt: number;
  readonly fingerprint: string;
  readonly form: Snapshot["form"];
}

/** The snapshots in a folder, oldest first. */
export async function listSnapshotFiles(folder: string): Promise<readonly SnapshotFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
  return names.flatMap((name) => parseName(name) ?? []).toSorted((a, b) => a.takenAt - b.takenAt);
}

function parseName(name: string): SnapshotFile | undefined {
  const [, id = "", time = "", fingerprint = "", ending = ""] =
    /^((\d{1,15})-([0-9a-f]{32}))\.(tar\.zst|tar\.gz|image)$/.exec(name) ?? [];
  const form = forms.find((one) => one === ending);
  if (form === undefined) return undefined;
  return { name, id, takenAt: Number(time), fingerprint, form };
}

const forms = ["tar.zst", "tar.gz", "image"] as const;

export async function toSnapshot(
  folder: string,
  { id, takenAt, form, name }: SnapshotFile,
): Promise<Snapshot> {
  const path = join(folder, name);
  const bytes = form === "image" ? (await readSuperblock(path)).usedBytes : (await stat(path)).size;
  return { id, takenAt, form, bytes };
}

/** Writes a snapshot's file, which has its name only when it is whole. Undefined when `write` made none. */
export async function writeSnapshotFile(
  folder: string,
  { id, form }: Pick<SnapshotFile, "id" | "form">,
  write: (part: string) => Promise<boolean>,
): Promise<Snapshot | undefined> {
  const name = `${id}.${form}`;
  const file = parseName(name);
  if (!file) throw new Error(`Cannot write a snapshot named "${name}"`);
  const part = join(folder, `${name}${partEnding}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeParts(folder);
  try {
    if (!(await write(part))) return undefined;
    await syncFile(part);
    await rename(part, join(folder, name));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return toSnapshot(folder, file);
}

const partEnding = ".part";

/** What a crash left in the middle. */
async function removeParts(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.endsWith(partEnding)) await rm(join(folder, name), { force: true });
}

export async function removeOldestSnapshots(
  folder: string,
  { keep }: { readonly keep: number },
): Promise<void> {
  const files = await listSnapshotFiles(folder);
  for (const { name } of files.slice(0, Math.max(0, files.length - keep)))
    await rm(join(folder, name), { force: true });
}
