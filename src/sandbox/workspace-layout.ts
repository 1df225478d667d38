import { readdir, rename, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import { OpsthreadError } from "../core/errors.ts";
import { codeOf } from "./system-error.ts";

/** Where things of a session lie below the folder of workspaces. */
export interface WorkspacePaths {
  /** The files, or where they are mounted. */
  readonly tree: string;
  /** The file system that holds them, where there are such. */
  readonly image: string;
  /** An image that is being made. */
  readonly imagePart: string;
  /** Where an image is mounted while nobody uses it as a workspace. */
  readonly aside: string;
  /** A tree that is being made, and one that is being replaced. */
  readonly treePart: string;
  readonly treeOld: string;
}

/** The folder of images and of what is half-made. No session has a name with a dot at its start. */
export const imagesFolder = (folder: string): string => join(resolve(folder), ".images");

/** Ids become names of files. @throws {TypeError} for one that is no plain name */
export function assertSessionId(sessionId: string): void {
  if (/^[A-Za-z0-9][\w.-]{0,127}$/.test(sessionId)) return;
  throw new TypeError(
    `Cannot use session id ${JSON.stringify(sessionId)}: it is no plain name, expected letters, digits, ".", "_" and "-"`,
  );
}

export function workspacePaths(folder: string, sessionId: string): WorkspacePaths {
  assertSessionId(sessionId);
  const images = imagesFolder(folder);
  return {
    tree: join(resolve(folder), sessionId),
    image: join(images, `${sessionId}.ext4`),
    imagePart: join(images, `${sessionId}.ext4-part`),
    aside: join(images, `${sessionId}.mount`),
    treePart: join(images, `${sessionId}.tree-part`),
    treeOld: join(images, `${sessionId}.tree-old`),
  };
}

/** Puts back what a crash in the middle of an exchange of trees left aside. */
export async function settleTree({ tree, treeOld }: WorkspacePaths): Promise<void> {
  if ((await isThere(treeOld)) && !(await isThere(tree))) await rename(treeOld, tree);
}

/**
 * Refuses a workspace that is an image which isn't mounted: its folder only looks empty.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED`
 */
export async function assertTree({ tree, image }: WorkspacePaths): Promise<void> {
  if (!(await isThere(image)) || (await isMountPoint(tree))) return;
  throw new OpsthreadError(
    "SANDBOX_UNSUPPORTED",
    `Cannot open the workspace: it is the image "${image}", which is not mounted; expected a driver that can mount it, as root`,
  );
}

export async function isMountPoint(path: string): Promise<boolean> {
  if (!(await isThere(path))) return false;
  return (await stat(path)).dev !== (await stat(join(path, ".."))).dev;
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Whether there is a folder with something in it. */
export async function holdsFiles(path: string): Promise<boolean> {
  return (await isThere(path)) && (await readdir(path)).length > 0;
}
