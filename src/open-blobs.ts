import { join, relative, resolve } from "node:path";

import { z } from "zod";

import { OpsthreadError } from "./core/errors.ts";
import type { Blobs } from "./store/blobs.ts";
import { directoryBlobs } from "./store/directory.ts";
import { S3Options } from "./store/s3/options.ts";

/** Where blobs are kept: in a folder, which several machines may share, or in a bucket. */
export const BlobsOptions = z.discriminatedUnion("driver", [
  z.strictObject({
    driver: z.literal("directory"),
    /** Default `blobs` in the data folder. */
    folder: z.string().min(1).exactOptional(),
  }),
  S3Options.extend({ driver: z.literal("s3") }),
]);
export type BlobsOptions = z.input<typeof BlobsOptions>;

/** Blobs, opened. */
export interface OpenBlobs extends AsyncDisposable {
  readonly blobs: Blobs;
  /** They are apart from the data folder, so that they may be there when that is not. */
  readonly areApart: boolean;
}

/**
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export async function openBlobs(
  given: BlobsOptions | Blobs | undefined,
  { dataFolder }: { readonly dataFolder: string },
): Promise<OpenBlobs> {
  if (given && "put" in given)
    return { blobs: given, areApart: true, async [Symbol.asyncDispose]() {} };
  const parsed = BlobsOptions.safeParse(given ?? { driver: "directory" });
  if (!parsed.success)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use option "blobs": ${z.prettifyError(parsed.error)}`,
      { cause: parsed.error },
    );
  if (parsed.data.driver === "directory") {
    const folder = resolve(parsed.data.folder ?? join(dataFolder, "blobs"));
    const areApart = relative(resolve(dataFolder), folder).startsWith("..");
    return { blobs: directoryBlobs({ folder }), areApart, async [Symbol.asyncDispose]() {} };
  }
  const { driver: _, ...options } = parsed.data;
  const { s3Blobs } = await import("./store/s3/index.ts");
  const blobs = s3Blobs(options);
  return { blobs, areApart: true, [Symbol.asyncDispose]: () => blobs[Symbol.asyncDispose]() };
}
