import { createHash, type Hash } from "node:crypto";

import type { HeadObjectOutput } from "@aws-sdk/client-s3";

import { OpsthreadError } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { isMissing } from "./failures.ts";

/** The object's bytes, asked for when they are read; undefined when there is none. */
export async function openObject(
  connection: Connection,
  id: string,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { sdk, client, bucket, key, attempt } = connection;
  const object = { Bucket: bucket, Key: key(id) };
  const head = new sdk.HeadObjectCommand({ ...object, ChecksumMode: "ENABLED" });
  const found = await attempt(`read blob "${id}"`, async () => {
    try {
      return await client.send(head);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // A bucket that is not there looks the same.
      await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }));
      return undefined;
    }
  });
  return found && { [Symbol.asyncIterator]: () => chunksOf(connection, id, found) };
}

/** Goes on where a connection broke, in the same object. */
async function* chunksOf(
  { sdk, client, bucket, key, attempt }: Connection,
  id: string,
  { ContentLength: size = 0, ETag, ChecksumSHA256, Metadata = {} }: HeadObjectOutput,
): AsyncGenerator<Uint8Array, void, undefined> {
  const action = `read blob "${id}"`;
  const check = checkOf(Metadata, ChecksumSHA256);
  let offset = 0;
  for (let broken = 0; offset < size;) {
    const get = new sdk.GetObjectCommand({
      Bucket: bucket,
      Key: key(id),
      ...(ETag !== undefined && { IfMatch: ETag }),
      ...(offset > 0 && { Range: `bytes=${offset}-` }),
    });
    const { Body } = await attempt(action, () => client.send(get));
    // The SDK's type is that of browsers too.
    if (!isReadable(Body)) throw new TypeError("S3 gave no stream");
    try {
      for await (const chunk of Body) {
        offset += chunk.length;
        broken = 0;
        check.update(chunk);
        yield chunk;
      }
    } catch (error) {
      if (broken >= mostBroken) await attempt(action, () => Promise.reject(error));
    }
    if (offset < size) broken += 1;
    if (broken > mostBroken)
      throw new OpsthreadError(
        "BLOBS_UNAVAILABLE",
        `Cannot ${action} in bucket "${bucket}": the connection broke ${broken} times at byte ${offset} of ${size}`,
      );
  }
  if (check.isSame()) return;
  throw new OpsthreadError(
    "BLOB_DAMAGED",
    `Cannot ${action} in bucket "${bucket}": its SHA-256 is not that of what was written`,
  );
}

const mostBroken = 3;

const isReadable = (body: unknown): body is AsyncIterable<Uint8Array> =>
  typeof body === "object" && body !== null && Symbol.asyncIterator in body;

interface Check {
  update(chunk: Uint8Array): void;
  isSame(): boolean;
}

/** Of one that was written whole, we have noted the hash; of one in parts, S3 has the hash of their hashes. */
function checkOf(metadata: Readonly<Record<string, string>>, composite: string | undefined): Check {
  const { sha256, "part-bytes": partBytes } = metadata;
  if (sha256 !== undefined) {
    const hash = createHash("sha256");
    return {
      update: (chunk) => void hash.update(chunk),
      isSame: () => hash.digest("hex") === sha256,
    };
  }
  if (composite !== undefined && partBytes !== undefined)
    return checkOfParts(Number(partBytes), composite);
  // A service that keeps no checksums has compared those of the parts, or nobody can.
  return { update: () => {}, isSame: () => true };
}

function checkOfParts(partBytes: number, composite: string): Check {
  const all = createHash("sha256");
  let part: Hash | undefined;
  let room = partBytes;
  let count = 0;
  const end = (): void => {
    if (!part) return;
    all.update(part.digest());
    count += 1;
    part = undefined;
    room = partBytes;
  };
  return {
    update(chunk) {
      for (let at = 0; at < chunk.length;) {
        const taken = chunk.subarray(at, at + room);
        part ??= createHash("sha256");
        part.update(taken);
        at += taken.length;
        room -= taken.length;
        if (room === 0) end();
      }
    },
    isSame() {
      end();
      return `${all.digest("base64")}-${count}` === composite;
    },
  };
}
