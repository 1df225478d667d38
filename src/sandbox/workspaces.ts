import { chmod, mkdir, realpath, rm, statfs } from "node:fs/promises";

import type { Logger } from "../core/logger.ts";
import { openFolder } from "./beneath.ts";
import { reservedInodes } from "./ext4-image.ts";
import { createHolds } from "./holds.ts";
import { createLocks, type Locked } from "./lock.ts";
import { canMountImages } from "./mount-probe.ts";
import { requireOneMachine } from "./one-machine.ts";
import { giveTree, type Owner } from "./owner.ts";
import type { Owner as ProcessOwner } from "./process-owner.ts";
import { measureFolder } from "./quota.ts";
import { createImages } from "./workspace-images.ts";
import {
  assertTree,
  imagesFolder,
  settleTree,
  workspacePaths,
  type WorkspacePaths,
} from "./workspace-layout.ts";
import { workspaceTrees, type WorkspaceTrees } from "./workspace-trees.ts";

/** The workspaces of sessions on this host. */
export interface Workspaces extends AsyncDisposable {
  /** - `filesystem`: each is a file system of its own size; - `watched`: they are folders, and writers are watched. */
  readonly quota: "filesystem" | "watched";
  /** One sentence per thing that can't be done here. */
  readonly limitations: readonly string[];
  /** The folder where a session's workspace will be when it is opened without `at`. It is made if it is not there. */
  place(sessionId: string): Promise<string>;
  open(sessionId: string, options: OpenWorkspaceOptions): Promise<Workspace>;
  /** Removes a workspace that nobody has open. */
  remove(sessionId: string): Promise<void>;
  /**
   * Makes a workspace ahead and mounts it at an existing folder: a new session that is opened there gets it. Only where
   * each is a file system.
   */
  premake(options: PremakeOptions): Promise<void>;
  /** Takes one away that nobody got. */
  discard(at: string): Promise<void>;
  /**
   * Takes away what dead processes left: their mounts, and what is half-made or was made ahead. A mount that
   * something uses stays.
   */
  sweep(): Promise<void>;
  /** For snapshots. */
  readonly trees: WorkspaceTrees;
}

export interface OpenWorkspaceOptions {
  readonly workspaceBytes: number;
  readonly signal: AbortSignal;
  /**
   * An existing folder to mount the workspace over. Default: the session's own. Without mounts it is not used:
   * see `hostPath`.
   */
  readonly at?: string;
}

export interface PremakeOptions {
  /** Its name begins with the id of this process and a dot. */
  readonly at: string;
  readonly workspaceBytes: number;
}

export interface Workspace {
  readonly hostPath: string;
  readonly quota: "filesystem" | "watched";
  usage(): Promise<WorkspaceUsage>;
  /** Lets go of it. With its last user it is unmounted, but not while something goes on in it that was detached from. */
  release(options?: { readonly detached: boolean }): Promise<void>;
}

export interface WorkspaceUsage {
  readonly bytes: number;
  /** May be more than was asked for: an image does not shrink. */
  readonly limitBytes: number;
  readonly files: number;
  readonly fileLimit: number;
}

export interface WorkspacesOptions extends Owner {
  /** Host folder that holds a workspace for each session. */
  readonly folder: string;
  /** This process among those that use the folder. */
  readonly process: ProcessOwner;
  readonly log: Logger;
  /** `watched` does without mounts even where they work. */
  readonly prefer?: "filesystem" | "watched";
  /** Whether an empty workspace of each size in use is made ahead. Default true. */
  readonly makeAhead?: boolean;
}

/** @throws {OpsthreadError} `CONFIG_INVALID` where processes of several machines share the folder, and may mount images */
export async function createWorkspaces(options: WorkspacesOptions): Promise<Workspaces> {
  const { uid, gid, log, prefer = "filesystem", makeAhead = true } = options;
  await mkdir(imagesFolder(options.folder), { recursive: true, mode: 0o700 });
  const folder = await realpath(options.folder);
  const owner = process.getuid?.() === 0 ? { uid, gid } : undefined;
  const refusal = prefer === "watched" ? "it is configured so" : await canMountImages(folder);
  const quota = refusal === undefined ? "filesystem" : "watched";
  if (quota === "filesystem") await requireOneMachine({ folder, process: options.process });
  const images = createImages({ folder, process: options.process, makeAhead, log, owner });
  const holds = createHolds({ folder: imagesFolder(folder), process: options.process });
  const locked = createLocks();
  /** How many have a workspace open, by session and folder. */
  const users = new Map<string, Map<string, number>>();

  const isOpen = (sessionId: string): boolean => (users.get(sessionId)?.size ?? 0) > 0;
  const count = (sessionId: string, target: string, change: 1 | -1): number => {
    const targets = users.get(sessionId) ?? new Map<string, number>();
    users.set(sessionId, targets);
    const left = (targets.get(target) ?? 0) + change;
    if (left > 0) targets.set(target, left);
    else targets.delete(target);
    if (targets.size === 0) users.delete(sessionId);
    return left;
  };

  const heldMeanwhile: Locked = (sessionId, work) =>
    locked(sessionId, async () => {
      await holds.hold(sessionId);
      try {
        return await work();
      } finally {
        if (!isOpen(sessionId)) await holds.letGo(sessionId);
      }
    });

  const prepare = async (
    paths: WorkspacePaths,
    { workspaceBytes, at = paths.tree }: OpenWorkspaceOptions,
  ): Promise<string> => {
    await settleTree(paths);
    if (quota === "filesystem") {
      if (await images.ready.take(paths, { at, bytes: workspaceBytes })) return at;
      await images.ensure(paths, workspaceBytes);
      await images.mount(paths, at);
      return at;
    }
    await assertTree(paths);
    await preparePlain(paths.tree, owner);
    return paths.tree;
  };

  return {
    quota,
    limitations: refusal === undefined ? [] : [limitation(refusal)],
    async place(sessionId) {
      const { tree } = workspacePaths(folder, sessionId);
      await mkdir(tree, { recursive: true, mode: 0o700 });
      return tree;
    },
    open: (sessionId, open) =>
      locked(sessionId, async () => {
        open.signal.throwIfAborted();
        const paths = workspacePaths(folder, sessionId);
        await holds.hold(sessionId);
        const hostPath = await prepare(paths, open).catch(async (error: unknown) => {
          if (!isOpen(sessionId)) await holds.letGo(sessionId);
          throw error;
        });
        count(sessionId, hostPath, 1);
        let isHeld = true;
        return {
          hostPath,
          quota,
          usage: () => usageOf(hostPath, { quota, workspaceBytes: open.workspaceBytes }),
          release: ({ detached } = { detached: false }) =>
            locked(sessionId, async () => {
              if (!isHeld) return;
              isHeld = false;
              const left = count(sessionId, hostPath, -1);
              if (!isOpen(sessionId)) await holds.letGo(sessionId);
              if (left > 0 || detached || quota === "watched") return;
              if (!(await holds.isHeldByOther(sessionId))) await images.unmount(hostPath);
            }),
        };
      }),
    remove: (sessionId) =>
      locked(sessionId, async () => {
        const paths = workspacePaths(folder, sessionId);
        await images.remove(paths);
        for (const path of [paths.tree, paths.treePart, paths.treeOld])
          await rm(path, { recursive: true, force: true });
        users.delete(sessionId);
      }),
    premake: ({ at, workspaceBytes }) => images.ready.make(at, workspaceBytes),
    discard: (at) => images.ready.drop(at),
    async sweep() {
      const held = await holds.held();
      await images.sweep({
        isHeld: (sessionId) => held.has(sessionId),
        isReady: (at) => options.process.isAlive(at.split(".")[0] ?? ""),
      });
    },
    [Symbol.asyncDispose]: () => images[Symbol.asyncDispose](),
    trees: workspaceTrees({ folder, images, owner, locked: heldMeanwhile, isOpen, refusal }),
  };
}

/** What it takes is quick, or must not be left in the middle. */
const never = new AbortController().signal;

const limitation = (reason: string): string =>
  `The size of a workspace is watched and a command that makes it too large is ended soon after, because no file system can be mounted for it: ${reason}.`;

/** A folder as a workspace: the owner's, with all that another driver may have left in it. */
async function preparePlain(tree: string, owner: Owner | undefined): Promise<void> {
  await mkdir(tree, { recursive: true, mode: 0o700 });
  await chmod(tree, 0o700);
  if (owner) await giveTree(tree, owner);
}

async function usageOf(
  hostPath: string,
  {
    quota,
    workspaceBytes,
  }: { readonly quota: Workspace["quota"]; readonly workspaceBytes: number },
): Promise<WorkspaceUsage> {
  if (quota === "watched") {
    using folder = openFolder(hostPath);
    const { bytes, files } = await measureFolder(folder, { signal: never });
    return { bytes, files, limitBytes: workspaceBytes, fileLimit: Number.MAX_SAFE_INTEGER };
  }
  const { blocks, bfree, bavail, bsize, files, ffree } = await statfs(hostPath);
  const used = blocks - bfree;
  return {
    bytes: used * bsize,
    limitBytes: Math.max(workspaceBytes, (used + bavail) * bsize - bsize),
    files: files - ffree - reservedInodes,
    fileLimit: files - reservedInodes,
  };
}
