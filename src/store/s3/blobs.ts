import { OpsthreadError } from "../../core/errors.ts";
import { assertBlobId } from "../blob-id.ts";
import type { Blobs } from "../blobs.ts";
import { checkBucket } from "./check.ts";
import { lazyConnection } from "./connection.ts";
import { S3Options } from "./options.ts";
import { openObject } from "./read.ts";
import { removeBelow } from "./remove.ts";
import { writeObject } from "./write.ts";

/** Blobs in a bucket. Dispose closes the connections. */
export interface S3Blobs extends Blobs, AsyncDisposable {
  check(options: { readonly signal: AbortSignal }): Promise<void>;
}

/**
 * Keeps blobs as objects of a bucket in Amazon S3, or of a service that speaks its protocol (MinIO, Ceph, R2, …). What is
 * written is hashed (SHA-256) before it leaves, and what is read is compared with that. A large one goes up in parts, of which
 * two are in memory; one that breaks off is taken away. What is read goes on where a connection broke.
 *
 * @example
 * await using blobs = s3Blobs({ bucket: "ops-bot", region: "eu-central-1", prefix: "opsthread/" });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID` at once; `BLOBS_UNAVAILABLE` and `BLOB_DAMAGED` from the methods
 */
export function s3Blobs(options: S3Options): S3Blobs {
  const parsed = S3Options.safeParse(options);
  if (!parsed.success)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot keep blobs in S3: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`,
      { cause: parsed.error },
    );
  const connection = lazyConnection(parsed.data);
  return {
    async put(id, bytes, { signal }) {
      assertBlobId(id);
      signal.throwIfAborted();
      return writeObject(await connection.get(), id, bytes, { signal });
    },
    async open(id) {
      assertBlobId(id);
      return openObject(await connection.get(), id);
    },
    async remove(prefix) {
      assertBlobId(prefix);
      await removeBelow(await connection.get(), prefix);
    },
    async check({ signal }) {
      await checkBucket(await connection.get(), { signal });
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
