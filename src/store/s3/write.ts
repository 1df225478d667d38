import { createHash, randomUUID } from "node:crypto";

import type { CompletedPart } from "@aws-sdk/client-s3";

import { OpsthreadError } from "../../core/errors.ts";
import { untilAborted } from "../until-aborted.ts";
import type { Connection } from "./connection.ts";
import { failureOf } from "./failures.ts";
import { partsOf } from "./parts.ts";

/** Writes an object: in one request, or in parts where it is larger than one. */
export async function writeObject(
  connection: Connection,
  id: string,
  bytes: AsyncIterable<Uint8Array>,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly bytes: number }> {
  const parts = partsOf(untilAborted(bytes, signal), connection.partBytes);
  try {
    const first = await parts.next();
    const second = first.done === true ? first : await parts.next();
    if (second.done === true)
      return await writeWhole(connection, id, first.value ?? new Uint8Array(), { signal });
    const all = following([first.value ?? new Uint8Array(), second.value], parts);
    return await writeParts(connection, id, all, { signal });
  } finally {
    // What the source still throws concerns nobody any more, and it may hang.
    parts.return().catch(() => {});
  }
}

async function writeWhole(
  { sdk, client, bucket, key, attempt }: Connection,
  id: string,
  body: Uint8Array,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly bytes: number }> {
  const digest = createHash("sha256").update(body).digest();
  const command = new sdk.PutObjectCommand({
    Bucket: bucket,
    Key: key(id),
    Body: body,
    ContentLength: body.length,
    ChecksumSHA256: digest.toString("base64"),
    Metadata: { sha256: digest.toString("hex") },
  });
  const send = () => client.send(command, { abortSignal: signal });
  await attempt(`write blob "${id}"`, send, signal);
  return { bytes: body.length };
}

/** One part goes up while the next one is read. */
async function writeParts(
  connection: Connection,
  id: string,
  parts: AsyncIterable<Uint8Array>,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly bytes: number }> {
  const { sdk, client, bucket, key, partBytes, attempt } = connection;
  const action = `write blob "${id}"`;
  const own = randomUUID();
  const object = { Bucket: bucket, Key: key(id) };
  const create = new sdk.CreateMultipartUploadCommand({
    ...object,
    ChecksumAlgorithm: "SHA256",
    ChecksumType: "COMPOSITE",
    Metadata: { "part-bytes": String(partBytes), write: own },
  });
  const created = await attempt(action, () => client.send(create, { abortSignal: signal }), signal);
  const upload = { ...object, UploadId: created.UploadId };
  try {
    const done: CompletedPart[] = [];
    const all = createHash("sha256");
    let bytes = 0;
    let uploading: Promise<void> = Promise.resolve();
    const send = async (part: Uint8Array, number: number): Promise<void> => {
      const digest = createHash("sha256").update(part).digest();
      all.update(digest);
      const checksum = { ChecksumSHA256: digest.toString("base64") };
      const command = new sdk.UploadPartCommand({
        ...upload,
        ...checksum,
        PartNumber: number,
        Body: part,
        ContentLength: part.length,
      });
      const sent = () => client.send(command, { abortSignal: signal });
      const { ETag } = await attempt(action, sent, signal);
      done.push({ PartNumber: number, ETag, ...checksum });
    };
    for await (const part of parts) {
      await uploading;
      bytes += part.length;
      uploading = send(part, done.length + 1);
      uploading.catch(() => {}); // Whoever waits for it is told.
    }
    await uploading;
    signal.throwIfAborted();
    const complete = new sdk.CompleteMultipartUploadCommand({
      ...upload,
      ChecksumType: "COMPOSITE",
      MultipartUpload: { Parts: done },
    });
    const finish = async () => {
      try {
        return await client.send(complete);
      } catch (error) {
        // A first try that was reported to have failed may have worked after all.
        if (failureOf(error).name !== "NoSuchUpload") throw error;
        const head = new sdk.HeadObjectCommand({ ...object, ChecksumMode: "ENABLED" });
        const found = await client.send(head);
        if (found.Metadata?.["write"] !== own) throw error;
        return found;
      }
    };
    const kept = (await attempt(action, finish)).ChecksumSHA256;
    const expected = `${all.digest("base64")}-${done.length}`;
    if (kept !== undefined && kept !== expected)
      throw new OpsthreadError(
        "BLOB_DAMAGED",
        `Cannot write blob "${id}": S3 has another SHA-256 of it than what was sent`,
      );
    return { bytes };
  } catch (error) {
    await abandon(connection, upload);
    throw error;
  }
}

/** Its parts would be kept, and paid for, until somebody takes them away. */
async function abandon(
  { sdk, client }: Connection,
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined },
): Promise<void> {
  try {
    const abort = new sdk.AbortMultipartUploadCommand(upload);
    await client.send(abort, { abortSignal: AbortSignal.timeout(10_000) });
  } catch {
    // The failure that led here is what is told. `remove` finds what is left.
  }
}

async function* following<T>(
  first: readonly T[],
  rest: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  yield* first;
  yield* rest;
}
