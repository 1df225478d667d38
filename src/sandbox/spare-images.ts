import { rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Owner as ProcessOwner } from "./process-owner.ts";

/** An empty image per size that was asked for, made ahead: a new session then does not wait for mkfs. */
export interface SpareImages extends AsyncDisposable {
  /** Moves the one of this size to the path. False when there is none yet. Another one is made a little later. */
  take(image: string, bytes: number): Promise<boolean>;
}

export interface SpareImagesOptions {
  /** The folder of images. */
  readonly images: string;
  readonly process: Pick<ProcessOwner, "id">;
  readonly make: (image: string, bytes: number) => Promise<void>;
  readonly log: Logger;
}

/** What their names begin with; the id of the process that made it follows. */
export const sparePrefix = ".spare-";

export function createSpareImages({ images, process, make, log }: SpareImagesOptions): SpareImages {
  const ready = new Set<number>();
  const timers = new Map<number, NodeJS.Timeout>();
  let making = Promise.resolve();
  const imageOf = (bytes: number): string =>
    join(images, `${sparePrefix}${process.id}.${bytes}.ext4`);

  const makeOne = async (bytes: number): Promise<void> => {
    try {
      await make(imageOf(bytes), bytes);
      ready.add(bytes);
    } catch (error) {
      log.warn({ bytes, error: messageOf(error) }, "No workspace could be made ahead");
    }
  };

  const makeLater = (bytes: number): void => {
    if (timers.has(bytes) || ready.size + timers.size >= maxSizes) return;
    const timer = setTimeout(() => {
      timers.delete(bytes);
      making = making.then(() => makeOne(bytes));
    }, laterMs);
    timers.set(bytes, timer.unref());
  };

  return {
    async take(image, bytes) {
      const isReady = ready.delete(bytes);
      makeLater(bytes);
      if (!isReady) return false;
      await rename(imageOf(bytes), image);
      return true;
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      await making;
      for (const bytes of ready) await rm(imageOf(bytes), { force: true });
      ready.clear();
    },
  };
}

/** The session that has just got its workspace goes first. */
const laterMs = 500;
/** Sizes come from the configuration, which rarely has more than one. */
const maxSizes = 4;
