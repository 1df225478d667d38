import { createHash } from "node:crypto";
import { Readable } from "node:stream";

import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, test } from "vitest";

import { s3Twin, type S3Twin } from "../../src/testing/s3-twin/s3-twin.ts";

let s3: S3Twin;
let client: S3Client;
beforeEach(async () => {
  s3 = await s3Twin();
  const { url: endpoint, region, credentials } = s3;
  client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await s3[Symbol.asyncDispose]();
});

const at = (Key: string) => ({ Bucket: s3.bucket, Key });
const put = (Key: string, Body: string, more: object = {}) =>
  client.send(new PutObjectCommand({ ...at(Key), Body, ...more }));
const sha256 = (text: string) => createHash("sha256").update(text).digest("base64");

test("takes what Amazon's client sends by itself: a checksum in a header, or behind a stream", async () => {
  await put("a b/ä+&?=.txt", "in one piece", {
    Metadata: { note: "kept" },
    ContentType: "text/plain",
  });
  const Body = Readable.from([Buffer.from("in "), Buffer.from("chunks")]);
  await client.send(new PutObjectCommand({ ...at("stream"), Body, ContentLength: 9 }));

  expect(s3.bytes("a b/ä+&?=.txt")?.toString()).toBe("in one piece");
  expect(s3.bytes("stream")?.toString()).toBe("in chunks");
  const found = await client.send(
    new GetObjectCommand({ ...at("a b/ä+&?=.txt"), ChecksumMode: "ENABLED" }),
  );
  expect(found.Metadata).toEqual({ note: "kept" });
  expect(found.ContentType).toBe("text/plain");
  expect(found.ChecksumCRC32).toMatch(/^\S{8}$/);
  expect(await found.Body?.transformToString()).toBe("in one piece");
});

test("refuses a checksum that is not that of what came", async () => {
  const wrong = put("a", "hello", { ChecksumSHA256: sha256("other") });

  await expect(wrong).rejects.toMatchObject({ name: "BadDigest" });
  expect(s3.keys()).toEqual([]);
});

/** A request on its way, after it was signed. */
interface Signed {
  readonly headers: Record<string, string>;
  body: unknown;
}

test.each<readonly [string, (request: Signed) => void, string]>([
  ["no signature", ({ headers }) => delete headers["authorization"], "AccessDenied"],
  [
    "a signature of another request",
    ({ headers }) => {
      headers["x-amz-content-sha256"] = createHash("sha256").update("other").digest("hex");
    },
    "SignatureDoesNotMatch",
  ],
  [
    "a header that is not signed",
    ({ headers }) => {
      headers["x-amz-meta-more"] = "1";
    },
    "AccessDenied",
  ],
  [
    "another body than the one that is signed",
    (request) => {
      request.body = "other";
    },
    "XAmzContentSHA256Mismatch",
  ],
])("refuses %s", async (_, change, code) => {
  client.middlewareStack.add(
    (next) => (args) => {
      // eslint-disable-next-line typescript/no-unsafe-type-assertion -- The client's own request, whose type it keeps to itself.
      change(args.request as Signed);
      return next(args);
    },
    { step: "deserialize", priority: "low" },
  );

  await expect(put("a", "hello")).rejects.toMatchObject({ name: code });
  expect(s3.keys()).toEqual([]);
});

test("writes under a condition, and reads under one and in part", async () => {
  const { ETag } = await put("a", "first", { IfNoneMatch: "*" });
  await expect(put("a", "second", { IfNoneMatch: "*" })).rejects.toMatchObject({
    name: "PreconditionFailed",
  });
  await expect(put("b", "x", { IfMatch: ETag })).rejects.toMatchObject({ name: "NoSuchKey" });
  await put("a", "third", { IfMatch: ETag });
  await expect(put("a", "x", { IfMatch: ETag })).rejects.toMatchObject({
    name: "PreconditionFailed",
  });

  const part = await client.send(new GetObjectCommand({ ...at("a"), Range: "bytes=2-3" }));
  expect(part.ContentRange).toBe("bytes 2-3/5");
  expect(await part.Body?.transformToString()).toBe("ir");
  const beyond = client.send(new GetObjectCommand({ ...at("a"), Range: "bytes=9-" }));
  await expect(beyond).rejects.toMatchObject({ name: "InvalidRange" });
});

test("lists in pages, in the order of the keys", async () => {
  for (const key of ["p/3", "p/1", "q/1", "p/2"]) await put(key, key);
  const page = (ContinuationToken?: string) =>
    client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: "p/", MaxKeys: 2, ContinuationToken }),
    );
  const first = await page();
  const second = await page(first.NextContinuationToken);

  expect(first.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
    ["p/1", 3],
    ["p/2", 3],
  ]);
  expect(first.IsTruncated).toBe(true);
  expect(second.Contents?.map(({ Key }) => Key)).toEqual(["p/3"]);
  expect(second.IsTruncated).toBe(false);
});

test("refuses to complete an upload whose parts are too small, missing or in disorder", async () => {
  const create = new CreateMultipartUploadCommand({ ...at("m"), ChecksumAlgorithm: "SHA256" });
  const { UploadId } = await client.send(create);
  const parts: CompletedPart[] = [];
  for (const PartNumber of [1, 2]) {
    const Body = `part ${PartNumber}`;
    const ChecksumSHA256 = sha256(Body);
    const part = new UploadPartCommand({ ...at("m"), UploadId, PartNumber, Body, ChecksumSHA256 });
    const { ETag } = await client.send(part);
    parts.push({ PartNumber, ETag, ChecksumSHA256 });
  }
  const complete = (Parts: typeof parts) =>
    client.send(
      new CompleteMultipartUploadCommand({ ...at("m"), UploadId, MultipartUpload: { Parts } }),
    );

  await expect(complete(parts)).rejects.toMatchObject({ name: "EntityTooSmall" });
  await expect(complete(parts.toReversed())).rejects.toMatchObject({ name: "InvalidPartOrder" });
  const missing = [{ PartNumber: 3, ETag: '"none"', ChecksumSHA256: sha256("") }];
  await expect(complete(missing)).rejects.toMatchObject({ name: "InvalidPart" });
  const { ChecksumSHA256 } = await complete(parts.slice(1));
  expect(ChecksumSHA256).toMatch(/=-1$/);
  expect(s3.bytes("m")?.toString()).toBe("part 2");
  expect(s3.uploads()).toEqual([]);
});
