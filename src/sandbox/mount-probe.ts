import { rm, mkdir, rmdir, statfs } from "node:fs/promises";
import { join } from "node:path";

import { messageOf } from "../core/errors.ts";
import { makeImage } from "./ext4-image.ts";
import { mountImage, unmountIdle } from "./image-mounts.ts";
import { imagesFolder } from "./workspace-layout.ts";

/**
 * Whether images can be mounted here, found out by doing it: a container or a hardened service may be root and
 * not be able to. Returns the reason why not.
 */
export async function canMountImages(folder: string): Promise<string | undefined> {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "this process is not root";
  const name = join(imagesFolder(folder), `.probe-${process.pid}`);
  const image = `${name}.ext4`;
  try {
    await makeImage(image, probeBytes);
    await mkdir(name, { recursive: true });
    await mountImage({ image, target: name });
    const { bavail, bsize } = await statfs(name);
    await unmountIdle(name);
    return bavail * bsize === probeBytes ? undefined : "a mounted file system has another size";
  } catch (error) {
    return messageOf(error).split("\n").join(" ");
  } finally {
    await rm(image, { force: true });
    await rmdir(name).catch(() => {}); // It may not have been made.
  }
}

const probeBytes = 256 * 1024;
