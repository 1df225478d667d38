import { readdir, readFile, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "../core/logger.ts";
import { mountsSeenBy } from "./mounts.ts";
import { runProgram, tryProgram } from "./run-program.ts";
import { codeOf } from "./system-error.ts";

/** An image that is mounted. */
export interface ImageMount {
  readonly image: string;
  readonly target: string;
}

/** What of the images in a folder is mounted, by whatever process. */
export async function imageMounts(images: string): Promise<readonly ImageMount[]> {
  const mounts: ImageMount[] = [];
  for (const { device, target } of await mountsSeenBy("self")) {
    if (!device.startsWith(`${loopMajor}:`)) continue;
    const image = await backingFile(`/sys/dev/block/${device}`);
    if (image !== undefined && dirname(image) === images) mounts.push({ image, target });
  }
  return mounts;
}

const loopMajor = 7;

/**
 * Waits until no device holds an image any more: after a lazy unmount, or while something else looks at the device.
 * What changes the image itself must not be done before. Tells whether it is free.
 */
export async function isFree(image: string): Promise<boolean> {
  for (let attempt = 0; attempt < busyAttempts; attempt += 1) {
    if (!(await isAttached(image))) return true;
    await delay(busyMs);
  }
  return false;
}

async function isAttached(image: string): Promise<boolean> {
  const devices = (await readdir("/sys/block")).filter((name) => name.startsWith("loop"));
  const files = await Promise.all(devices.map((name) => backingFile(`/sys/block/${name}`)));
  return files.includes(image);
}

async function backingFile(device: string): Promise<string | undefined> {
  try {
    // One that was removed or replaced meanwhile is another file, and ends in ` (deleted)`.
    return (await readFile(`${device}/loop/backing_file`, "utf8")).trimEnd();
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENODEV") return undefined; // It was let go of just now.
    throw error;
  }
}

/** `noinit_itable`: the tables of unused inodes would be written in the background and take real disk. */
const mountOptions = "loop,nosuid,nodev,noatime,discard,noinit_itable";

export async function mountImage({ image, target }: ImageMount): Promise<void> {
  await runProgram("mount", ["-t", "ext4", "-o", mountOptions, "--", image, target]);
  // Made by mkfs and by e2fsck. What a repair has put in it stays.
  await rmdir(join(target, "lost+found")).catch((error: unknown) => {
    const code = codeOf(error);
    if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
  });
}

/** Shows a mounted image at a further folder. */
export async function bindMount(from: string, target: string): Promise<void> {
  await runProgram("mount", ["--bind", "--", from, target]);
}

/** Takes a mount away. One that something still uses is gone from its folder, and ends with its last user. */
export async function unmount(target: string, { log }: { readonly log: Logger }): Promise<void> {
  for (let attempt = 0; attempt < busyAttempts; attempt += 1) {
    if (await unmountIdle(target)) return;
    await delay(busyMs);
  }
  log.warn({ target }, "Workspace is still in use, unmounted all the same");
  await runProgram("umount", ["--lazy", "--", target]);
}

const busyAttempts = 20;
const busyMs = 50;

/** Takes a mount away, unless something uses it. */
export async function unmountIdle(target: string): Promise<boolean> {
  const { code, output } = await tryProgram("umount", ["--", target]);
  if (code === 0 || /not mounted/.test(output)) return true;
  if (/busy/.test(output)) return false;
  throw new Error(`Cannot unmount "${target}": ${output.trim()}`);
}
