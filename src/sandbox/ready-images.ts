import { mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import type { Logger } from "../core/logger.ts";
import { bytesOfImage } from "./ext4-image.ts";
import { unmount } from "./image-mounts.ts";
import { holdsFiles, isThere, type WorkspacePaths } from "./workspace-layout.ts";

/** Empty images that were made ahead and are mounted where a new session's workspace will be. */
export interface ReadyImages {
  make(at: string, bytes: number): Promise<void>;
  /** Gives a new session the one that is mounted there, if its size is right. Over any other one may be mounted. */
  take(
    paths: WorkspacePaths,
    options: { readonly at: string; readonly bytes: number },
  ): Promise<boolean>;
  drop(at: string): Promise<void>;
}

export interface ReadyImagesOptions {
  /** The folder of images. */
  readonly images: string;
  readonly make: (image: string, bytes: number) => Promise<void>;
  readonly mount: (image: string, target: string) => Promise<void>;
  readonly log: Logger;
}

/** What their names begin with; the name of the folder that they are mounted at follows. */
export const readyPrefix = ".ready-";

export function createReadyImages({ images, make, mount, log }: ReadyImagesOptions): ReadyImages {
  const imageOf = (at: string): string => join(images, `${readyPrefix}${basename(at)}.ext4`);

  const drop = async (at: string): Promise<void> => {
    if (!(await isThere(imageOf(at)))) return;
    await unmount(at, { log });
    await rm(imageOf(at), { force: true });
  };

  return {
    async make(at, bytes) {
      await make(imageOf(at), bytes);
      await mount(imageOf(at), at);
    },
    async take(paths, { at, bytes }) {
      const image = imageOf(at);
      if (!(await isThere(image))) return false;
      const isNew = !(await isThere(paths.image)) && !(await holdsFiles(paths.tree));
      if (!isNew || (await bytesOfImage(image)) !== bytes) return false;
      // A mount follows its image's name.
      await rename(image, paths.image);
      await mkdir(paths.tree, { recursive: true, mode: 0o700 });
      return true;
    },
    drop,
  };
}
