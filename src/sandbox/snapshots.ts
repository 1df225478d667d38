import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { Clock } from "../core/clock.ts";
import { OpsthreadError } from "../core/errors.ts";
import { openFolder } from "./beneath.ts";
import {
  findCompressions,
  syncFile,
  type ArchiveForm,
  type Compressions,
  type SignalOption,
} from "./compression.ts";
import { copyTree } from "./copy-tree.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { Owner } from "./owner.ts";
import { packTree } from "./pack-tree.ts";
import type { Snapshot, WorkspaceSnapshots } from "./sandbox.ts";
import { codeOf } from "./system-error.ts";
import { unpackTree } from "./unpack-tree.ts";
import { workspacePaths } from "./workspace-layout.ts";
import type { WorkspaceTrees } from "./workspace-trees.ts";

export interface SnapshotsOptions {
  /** Host folder that holds a folder of snapshots for each session. */
  readonly folder: string;
  readonly trees: WorkspaceTrees;
  readonly clock: Clock;
  /** Whom restored files belong to. Default: this process's user. */
  readonly owner?: Owner | undefined;
  /** Of one session; older ones are removed. Default 5. */
  readonly keep?: number;
}

export interface Snapshots extends WorkspaceSnapshots {
  /** Removes all snapshots of a session. */
  remove(sessionId: string): Promise<void>;
}

/**
 * Snapshots of workspaces as compressed tar files. A file has its name only when it is whole, and a workspace is
 * exchanged only for a whole one, so that a crash leaves what was there before.
 */
export function createSnapshots(options: SnapshotsOptions): Snapshots {
  const { folder, trees, clock, owner, keep = 5 } = options;
  let found: Promise<Compressions> | undefined;
  const compressions = (): Promise<Compressions> => (found ??= findCompressions());
  const folderOf = (sessionId: string): string => {
    workspacePaths(folder, sessionId); // Refuses what is no plain name.
    return join(resolve(folder), sessionId);
  };

  return {
    async take(sessionId, { signal }) {
      const target = folderOf(sessionId);
      const taken = await trees.use(sessionId, async (hostPath) => {
        signal.throwIfAborted();
        using tree = openFolder(hostPath);
        const fingerprint = await fingerprintOf(tree, { signal });
        const earlier = await listFiles(target);
        if (earlier.at(-1)?.fingerprint === fingerprint) return undefined;
        const takenAt = Math.max(clock.now(), (earlier.at(-1)?.takenAt ?? 0) + 1);
        const file = await writeArchive(target, `${takenAt}-${fingerprint}`, {
          source: packTree(tree, { signal }),
          compressions: await compressions(),
          signal,
        });
        return toSnapshot(target, file);
      });
      if (taken) await removeOldest(target, keep);
      return taken;
    },

    async list(sessionId) {
      const target = folderOf(sessionId);
      return Promise.all((await listFiles(target)).map((file) => toSnapshot(target, file)));
    },

    async restore(sessionId, snapshotId, { signal }) {
      const target = folderOf(sessionId);
      const file = (await listFiles(target)).find(({ id }) => id === snapshotId);
      const compression = file && (await compressions()).get(file.form);
      if (!file || !compression)
        throw new OpsthreadError(
          "SNAPSHOT_NOT_FOUND",
          `Cannot restore the workspace of session "${sessionId}": there is no snapshot "${snapshotId}" that can be read here`,
        );
      await trees.replace(sessionId, async (hostPath) => {
        using tree = openFolder(hostPath);
        const archive = compression.unpack(join(target, file.name), { signal });
        await unpackTree(tree, archive, { signal, owner, limits: noLimits });
      });
    },

    async fork(from, to, { signal }) {
      if ((await trees.use(to, async () => true)) === true)
        throw new OpsthreadError(
          "SANDBOX_BUSY",
          `Cannot fork the workspace of session "${from}": session "${to}" has one, expected none`,
        );
      const copied = await trees.use(from, async (hostPath) => {
        const fill = (copy: string): Promise<void> => copyTree(hostPath, copy, { signal, owner });
        await trees.replace(to, fill, { like: from });
        return true;
      });
      if (copied !== true)
        throw new OpsthreadError(
          "SNAPSHOT_NOT_FOUND",
          `Cannot fork the workspace of session "${from}": it has none`,
        );
    },

    async remove(sessionId) {
      await rm(folderOf(sessionId), { recursive: true, force: true });
    },
  };
}

/** What these archives hold was made here. */
const noLimits = { entries: Infinity, bytes: Infinity };

/** A snapshot's file says all about it by its name. */
interface SnapshotFile {
  readonly name: string;
  readonly id: string;
  readonly takenAt: number;
  readonly fingerprint: string;
  readonly form: ArchiveForm;
}

async function listFiles(target: string): Promise<readonly SnapshotFile[]> {
  const names = await readdir(target).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
  return names.flatMap((name) => parseName(name) ?? []).toSorted((a, b) => a.takenAt - b.takenAt);
}

function parseName(name: string): SnapshotFile | undefined {
  const [, id = "", time = "", fingerprint = "", zst] =
    /^((\d{1,15})-([0-9a-f]{32}))\.tar\.(?:(zst)|gz)$/.exec(name) ?? [];
  if (id === "") return undefined;
  return { name, id, takenAt: Number(time), fingerprint, form: zst ? "tar.zst" : "tar.gz" };
}

async function toSnapshot(target: string, file: SnapshotFile): Promise<Snapshot> {
  const { id, takenAt, form } = file;
  return { id, takenAt, form, bytes: (await stat(join(target, file.name))).size };
}

async function writeArchive(
  target: string,
  id: string,
  options: SignalOption & {
    readonly source: AsyncIterable<Uint8Array>;
    readonly compressions: Compressions;
  },
): Promise<SnapshotFile> {
  const [first] = options.compressions;
  const name = `${id}.${first?.[0]}`;
  const file = parseName(name);
  if (!first || !file) throw new Error(`Cannot write a snapshot named "${name}"`);
  const part = join(target, `${name}${partEnding}`);
  await mkdir(target, { recursive: true, mode: 0o700 });
  await removeParts(target);
  try {
    await first[1].pack(options.source, part, options);
    await syncFile(part);
    await rename(part, join(target, name));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return file;
}

const partEnding = ".part";

/** What a crash left in the middle. */
async function removeParts(target: string): Promise<void> {
  for (const name of await readdir(target))
    if (name.endsWith(partEnding)) await rm(join(target, name), { force: true });
}

async function removeOldest(target: string, keep: number): Promise<void> {
  const files = await listFiles(target);
  for (const { name } of files.slice(0, Math.max(0, files.length - keep)))
    await rm(join(target, name), { force: true });
}
