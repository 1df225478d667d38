import { chmod, chown, mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import type { Logger } from "../core/logger.ts";
import { openFolder } from "./beneath.ts";
import { syncFile } from "./compression.ts";
import { copyTree } from "./copy-tree.ts";
import { bytesOfImage, checkImage, growImage, makeImage } from "./ext4-image.ts";
import {
  bindMount,
  imageMounts,
  isFree,
  mountImage,
  unmount,
  unmountIdle,
} from "./image-mounts.ts";
import type { Owner } from "./owner.ts";
import type { Owner as ProcessOwner } from "./process-owner.ts";
import { measureFolder } from "./quota.ts";
import { createReadyImages, type ReadyImages, readyPrefix } from "./ready-images.ts";
import { createSpareImages, sparePrefix } from "./spare-images.ts";
import { holdsFiles, imagesFolder, isThere, type WorkspacePaths } from "./workspace-layout.ts";

/** Workspaces as file systems of their own. One at a time may work on a session's. */
export interface Images extends AsyncDisposable {
  readonly ready: ReadyImages;
  /** Makes the image, with what a plain folder held, or makes it larger. */
  ensure(paths: WorkspacePaths, bytes: number): Promise<void>;
  /** Mounts it, unless it is mounted there already, by this process or an earlier one. */
  mount(paths: WorkspacePaths, target: string): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Where it is mounted. */
  targets(paths: WorkspacePaths): Promise<readonly string[]>;
  /** Exchanges the image for a new one of this size, which holds what `fill` puts in it; without it, nothing. */
  replace(
    paths: WorkspacePaths,
    bytes: number,
    fill?: (hostPath: string) => Promise<void>,
  ): Promise<void>;
  /** Exchanges the image for the one that `make` writes to a path. False when it wrote none. */
  exchange(paths: WorkspacePaths, make: (part: string) => Promise<boolean>): Promise<boolean>;
  remove(paths: WorkspacePaths): Promise<void>;
  /** Takes away mounts and half-made things, but not of the sessions to keep, nor what was made ahead for a living process. */
  sweep(keep: KeptImages): Promise<void>;
}

export interface KeptImages {
  readonly isHeld: (sessionId: string) => boolean;
  /** Whether what was made ahead is a living process's: by its name, which begins with the process's id. */
  readonly isReady: (name: string) => Promise<boolean>;
}

export interface ImagesOptions {
  readonly folder: string;
  readonly process: Pick<ProcessOwner, "id">;
  readonly makeAhead: boolean;
  readonly log: Logger;
  readonly owner: Owner | undefined;
}

export function createImages({ folder, process, makeAhead, log, owner }: ImagesOptions): Images {
  const images = imagesFolder(folder);
  /** By the bytes that files can take. There are few: the limits that are configured. */
  const blocksFor = new Map<number, number>();

  const targets = async ({ image }: WorkspacePaths): Promise<readonly string[]> =>
    (await imageMounts(images))
      .filter((mounted) => mounted.image === image)
      .map(({ target }) => target);

  const makeEmpty = async (image: string, bytes: number): Promise<void> => {
    const knownBlocks = blocksFor.get(bytes);
    blocksFor.set(bytes, await makeImage(image, bytes, { knownBlocks }));
  };

  const spares = makeAhead
    ? createSpareImages({ images, process, make: makeEmpty, log })
    : undefined;

  /** Mounts an image, and makes it the owner's when it is new. */
  const mountOwn = async (image: string, target: string): Promise<void> => {
    await mountImage({ image, target });
    if (!owner || (await stat(target)).uid === owner.uid) return;
    await chmod(target, 0o700);
    await chown(target, owner.uid, owner.gid);
  };

  /** Mounts an image at a folder beside the workspaces for as long as `work` takes. */
  const aside = async (image: string, target: string, work: () => Promise<void>): Promise<void> => {
    await mkdir(target, { recursive: true, mode: 0o700 });
    await mountOwn(image, target);
    try {
      await work();
    } finally {
      await unmount(target, { log });
      await rmdir(target);
    }
  };

  const replace: Images["replace"] = async (paths, bytes, fill) => {
    await dropPart(paths);
    try {
      if ((await spares?.take(paths.imagePart, bytes)) !== true)
        await makeEmpty(paths.imagePart, bytes);
      if (fill) await aside(paths.imagePart, paths.aside, () => fill(paths.aside));
      await rename(paths.imagePart, paths.image);
    } catch (error) {
      await rm(paths.imagePart, { force: true });
      throw error;
    }
  };

  const exchange: Images["exchange"] = async (paths, make) => {
    await dropPart(paths);
    try {
      if (!(await make(paths.imagePart))) return false;
      await syncFile(paths.imagePart);
      await rename(paths.imagePart, paths.image);
      return true;
    } finally {
      await rm(paths.imagePart, { force: true });
    }
  };

  const maintain = async ({ image }: WorkspacePaths, bytes: number): Promise<void> => {
    if (!(await isFree(image))) {
      log.warn({ image }, "Workspace is still in use: its image can't be checked or grow now");
      return;
    }
    await checkImage(image);
    if ((await bytesOfImage(image)) < bytes) await growImage(image, bytes);
  };

  /** Ends what an earlier process was about to make. */
  const dropPart = async ({ imagePart }: WorkspacePaths): Promise<void> => {
    for (const { image, target } of await imageMounts(images))
      if (image === imagePart) await unmount(target, { log });
    await rm(imagePart, { force: true });
  };

  return {
    targets,
    replace,
    exchange,
    ready: createReadyImages({ images, make: makeEmpty, mount: mountOwn, log }),
    async ensure(paths, bytes) {
      if ((await targets(paths)).length > 0) return;
      if (await isThere(paths.image)) {
        await maintain(paths, bytes);
      } else if (await holdsFiles(paths.tree)) {
        using tree = openFolder(paths.tree);
        const held = await measureFolder(tree, { signal: never });
        await replace(paths, Math.max(bytes, held.bytes), (hostPath) =>
          copyTree(paths.tree, hostPath, { signal: never, owner }),
        );
        log.info({ image: basename(paths.image), bytes: held.bytes }, "Workspace became an image");
      } else await replace(paths, bytes);
      // The image has it all: what is below its mount point can't be seen.
      await mkdir(paths.tree, { recursive: true, mode: 0o700 });
      // The folder itself may be in use already, as the place of a mount.
      for (const name of await readdir(paths.tree))
        await rm(join(paths.tree, name), { recursive: true, force: true });
    },
    async mount(paths, target) {
      const mounted = await targets(paths);
      const [other] = mounted;
      if (mounted.includes(target)) return;
      if (other === undefined) await mountOwn(paths.image, target);
      else await bindMount(other, target);
    },
    unmount: (target) => unmount(target, { log }),
    async remove(paths) {
      await dropPart(paths);
      for (const target of await targets(paths)) await unmount(target, { log });
      await rm(paths.image, { force: true });
      if (await isThere(paths.aside)) await rmdir(paths.aside);
    },
    async sweep({ isHeld, isReady }) {
      const isKept = async (image: string): Promise<boolean> => {
        const name = basename(image).replace(/\.[^.]*$/, "");
        const ahead = [readyPrefix, sparePrefix].find((prefix) => name.startsWith(prefix));
        return ahead === undefined ? isHeld(name) : isReady(name.slice(ahead.length));
      };
      const mounts = await imageMounts(images);
      const kept = await Promise.all(mounts.map(({ image }) => isKept(image)));
      const keptTargets = new Set(mounts.filter((_, at) => kept[at]).map(({ target }) => target));
      for (const { target } of mounts) {
        // A session's may be mounted over one that was made ahead.
        if (keptTargets.has(target)) continue;
        if (!(await unmountIdle(target)))
          log.warn({ target }, "Workspace of an earlier process is still in use");
      }
      const mounted = new Set(
        (await imageMounts(images)).flatMap(({ image, target }) => [image, target]),
      );
      for (const name of await readdir(images)) {
        const path = join(images, name);
        if (mounted.has(path) || (await isKept(path))) continue;
        // A folder to mount at is empty, or it is not what it looks like.
        if (/\.mount$|^\.probe-\d+$/.test(name)) await rmdir(path);
        else if (/\.(?:ext4|tree)-part$|^\.(?:probe|ready|spare)-/.test(name))
          await rm(path, { recursive: true, force: true });
      }
    },
    async [Symbol.asyncDispose]() {
      await spares?.[Symbol.asyncDispose]();
    },
  };
}

const never = new AbortController().signal;
