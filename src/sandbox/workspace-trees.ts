import { chown, mkdir, rename, rm, rmdir } from "node:fs/promises";

import { OpsthreadError } from "../core/errors.ts";
import { bytesOfImage } from "./ext4-image.ts";
import { createImageClones, type CloneImage } from "./image-clones.ts";
import type { Locked } from "./lock.ts";
import type { Owner } from "./owner.ts";
import type { Images } from "./workspace-images.ts";
import {
  imagesFolder,
  isThere,
  settleTree,
  workspacePaths,
  type WorkspacePaths,
} from "./workspace-layout.ts";

/** Workspaces as trees of files, whatever holds them. */
export interface WorkspaceTrees {
  /** Uses the tree of a session, and the means to clone the image that holds it; undefined when it has none. */
  use<T>(
    sessionId: string,
    work: (hostPath: string, clone?: CloneImage) => Promise<T>,
  ): Promise<T | undefined>;
  /**
   * Makes the workspace what `fill` puts in an empty folder, as large as that of `like`. What was there stays when
   * `fill` fails or the process ends meanwhile.
   * @throws {OpsthreadError} `SANDBOX_BUSY` when a sandbox has it open
   */
  replace(
    sessionId: string,
    fill: (hostPath: string) => Promise<void>,
    options?: { readonly like?: string },
  ): Promise<void>;
  /**
   * Makes the workspace the image that `make` writes to a path. What was there stays when `make` fails or writes none,
   * which is false, or the process ends meanwhile.
   * @throws {OpsthreadError} `SANDBOX_BUSY`, and `SANDBOX_UNSUPPORTED` where no workspace can be an image
   */
  exchange(sessionId: string, make: (part: string) => Promise<boolean>): Promise<boolean>;
}

export interface WorkspaceTreesOptions {
  readonly folder: string;
  readonly locked: Locked;
  readonly isOpen: (sessionId: string) => boolean;
  readonly owner?: Owner | undefined;
  /** Absent where no workspace is an image. */
  readonly images?: Images;
  /** Why images can't be mounted, where they can't. */
  readonly refusal?: string | undefined;
}

export function workspaceTrees(options: WorkspaceTreesOptions): WorkspaceTrees {
  const {
    folder,
    images,
    owner,
    locked,
    isOpen,
    refusal = images ? undefined : noImages,
  } = options;
  const cloneOf = createImageClones(imagesFolder(folder));
  const assertClosed = (sessionId: string): void => {
    if (isOpen(sessionId))
      throw new OpsthreadError(
        "SANDBOX_BUSY",
        `Cannot replace the workspace of session "${sessionId}": a sandbox has it open, expected none`,
      );
  };
  return {
    use: (sessionId, work) =>
      locked(sessionId, async () => {
        const paths = workspacePaths(folder, sessionId);
        await settleTree(paths);
        if (images && (await isThere(paths.image)))
          return useImage(paths, images, (target) =>
            work(target, cloneOf({ image: paths.image, target })),
          );
        return (await isThere(paths.tree)) ? work(paths.tree) : undefined;
      }),
    replace: (sessionId, fill, { like = sessionId } = {}) =>
      locked(sessionId, async () => {
        const paths = workspacePaths(folder, sessionId);
        await settleTree(paths);
        assertClosed(sessionId);
        const { image } = workspacePaths(folder, like);
        if (!images || !(await isThere(image))) return replacePlain(paths, { fill, owner });
        for (const target of await images.targets(paths)) await images.unmount(target);
        await images.replace(paths, await bytesOfImage(image), fill);
        await mkdir(paths.tree, { recursive: true, mode: 0o700 });
      }),
    exchange: (sessionId, make) =>
      locked(sessionId, async () => {
        const paths = workspacePaths(folder, sessionId);
        await settleTree(paths);
        assertClosed(sessionId);
        if (!images || refusal !== undefined)
          throw new OpsthreadError(
            "SANDBOX_UNSUPPORTED",
            `Cannot replace the workspace of session "${sessionId}" by an image: ${refusal}, expected a driver that can mount it, as root`,
          );
        for (const target of await images.targets(paths)) await images.unmount(target);
        if (!(await images.exchange(paths, make))) return false;
        // Files of a folder that it was before are taken away at its next use.
        await mkdir(paths.tree, { recursive: true, mode: 0o700 });
        return true;
      }),
  };
}

const noImages = "this driver mounts none";

async function useImage<T>(
  paths: WorkspacePaths,
  images: Images,
  work: (hostPath: string) => Promise<T>,
): Promise<T> {
  const [mounted] = await images.targets(paths);
  if (mounted !== undefined) return work(mounted);
  await images.ensure(paths, 0);
  await mkdir(paths.aside, { recursive: true, mode: 0o700 });
  await images.mount(paths, paths.aside);
  try {
    return await work(paths.aside);
  } finally {
    await images.unmount(paths.aside);
    await rmdir(paths.aside);
  }
}

async function replacePlain(
  { tree, treePart, treeOld }: WorkspacePaths,
  {
    fill,
    owner,
  }: { readonly fill: (hostPath: string) => Promise<void>; readonly owner: Owner | undefined },
): Promise<void> {
  await rm(treePart, { recursive: true, force: true });
  await rm(treeOld, { recursive: true, force: true });
  await mkdir(treePart, { recursive: true, mode: 0o700 });
  try {
    await fill(treePart);
    if (owner) await chown(treePart, owner.uid, owner.gid);
    if (await isThere(tree)) await rename(tree, treeOld);
    await rename(treePart, tree); // A crash before this is put right by `settleTree`.
    await rm(treeOld, { recursive: true, force: true });
  } catch (error) {
    await rm(treePart, { recursive: true, force: true });
    throw error;
  }
}
