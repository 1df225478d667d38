import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { Clock } from "../core/clock.ts";
import { OpsthreadError } from "../core/errors.ts";
import { openFolder } from "./beneath.ts";
import {
  findCompressions,
  type ArchiveForm,
  type Compression,
  type Compressions,
} from "./compression.ts";
import { copyTree } from "./copy-tree.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { copyImage } from "./image-clones.ts";
import type { Owner } from "./owner.ts";
import { packTree } from "./pack-tree.ts";
import type { WorkspaceSnapshots } from "./sandbox.ts";
import {
  listSnapshotFiles,
  removeOldestSnapshots,
  toSnapshot,
  writeSnapshotFile,
} from "./snapshot-files.ts";
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
  readonly keep?: number | undefined;
  /**
   * - `auto`, the default: a clone of the workspace's image, where it is one and the file system can share its blocks
   *   with the folder of snapshots (btrfs, XFS), else as with `portable`;
   * - `portable`: a compressed tar file, which can be read on every machine.
   */
  readonly form?: "auto" | "portable" | undefined;
}

export interface Snapshots extends WorkspaceSnapshots {
  /** Removes all snapshots of a session. */
  remove(sessionId: string): Promise<void>;
}

/**
 * Snapshots of workspaces as clones of their images, or as compressed tar files. A file has its name only when it is
 * whole, and a workspace is exchanged only for a whole one, so that a crash leaves what was there before.
 */
export function createSnapshots(options: SnapshotsOptions): Snapshots {
  const { folder, trees, clock, owner, keep = 5, form = "auto" } = options;
  let found: Promise<Compressions> | undefined;
  const compressions = (): Promise<Compressions> => (found ??= findCompressions());
  const folderOf = (sessionId: string): string => {
    workspacePaths(folder, sessionId); // Refuses what is no plain name.
    return join(resolve(folder), sessionId);
  };

  return {
    async take(sessionId, { signal }) {
      const target = folderOf(sessionId);
      const taken = await trees.use(sessionId, async (hostPath, clone) => {
        signal.throwIfAborted();
        using tree = openFolder(hostPath);
        const fingerprint = await fingerprintOf(tree, { signal });
        const earlier = await listSnapshotFiles(target);
        if (earlier.at(-1)?.fingerprint === fingerprint) return undefined;
        const takenAt = Math.max(clock.now(), (earlier.at(-1)?.takenAt ?? 0) + 1);
        const id = `${takenAt}-${fingerprint}`;
        const cloned =
          form === "auto" && clone
            ? await writeSnapshotFile(target, { id, form: "image" }, clone)
            : undefined;
        if (cloned) return cloned;
        const [archiveForm, archive] = preferred(await compressions());
        return await writeSnapshotFile(target, { id, form: archiveForm }, async (part) => {
          await archive.pack(packTree(tree, { signal }), part, { signal });
          return true;
        });
      });
      if (taken) await removeOldestSnapshots(target, { keep });
      return taken;
    },

    async list(sessionId) {
      const target = folderOf(sessionId);
      return Promise.all((await listSnapshotFiles(target)).map((file) => toSnapshot(target, file)));
    },

    async restore(sessionId, snapshotId, { signal }) {
      const target = folderOf(sessionId);
      const file = (await listSnapshotFiles(target)).find(({ id }) => id === snapshotId);
      if (file?.form === "image") {
        await trees.exchange(sessionId, async (part) => {
          await copyImage(join(target, file.name), part, { signal });
          return true;
        });
        return;
      }
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
      const copied = await trees.use(from, async (hostPath, clone) => {
        if (clone && (await trees.exchange(to, clone))) return true;
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

const preferred = (compressions: Compressions): readonly [ArchiveForm, Compression] => {
  for (const first of compressions) return first;
  throw new Error("Cannot write a snapshot: there is no compression, expected gzip at least");
};
