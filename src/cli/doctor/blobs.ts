import { messageOf } from "../../core/errors.ts";
import { type BlobsOptions, openBlobs } from "../../open-blobs.ts";
import type { Check } from "./check.ts";

/** Whether blobs can be written, read, listed and removed where they are configured to be. */
export async function checkBlobs(
  options: BlobsOptions,
  { dataFolder, signal }: { readonly dataFolder: string; readonly signal: AbortSignal },
): Promise<Check> {
  const name = "blobs";
  try {
    await tryBlobs(options, { dataFolder, signal });
    return { name, status: "ok", text: blobsPlace(options) };
  } catch (error) {
    const hint = "docs/blobs.md says what a bucket needs";
    return { name, status: "fail", text: messageOf(error), hint };
  }
}

/** @throws {OpsthreadError} `CONFIG_INVALID`, `BLOBS_UNAVAILABLE` */
export async function tryBlobs(
  options: BlobsOptions,
  { dataFolder, signal }: { readonly dataFolder: string; readonly signal: AbortSignal },
): Promise<void> {
  await using opened = await openBlobs(options, { dataFolder });
  await opened.blobs.check?.({ signal });
}

/** Where they are, as people call it. */
export function blobsPlace(options: BlobsOptions | undefined): string {
  if (!options || options.driver === "directory")
    return options?.folder === undefined ? "the data folder" : options.folder;
  const { bucket, prefix = "", endpoint } = options;
  return `bucket "${bucket}"${prefix === "" ? "" : `, below ${prefix}`}${endpoint === undefined ? "" : `, at ${endpoint}`}`;
}
