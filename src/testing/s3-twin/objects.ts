import { createHash } from "node:crypto";

import { type Checksum, checksumIn } from "./checksums.ts";
import { payloadOf } from "./payload.ts";
import type { S3Request } from "./request.ts";
import { invalidRequest, noSuchKey, preconditionFailed, S3Refusal } from "./s3-error.ts";
import type { S3Object, S3State } from "./state.ts";
import { elementsOf, textOf, toXml, type Xml } from "./xml.ts";

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export const md5 = (bytes: Buffer): string => createHash("md5").update(bytes).digest("hex");

export function putObject(state: S3State, request: S3Request, now: number): S3Answer {
  const { bytes, checksum } = payloadOf(request);
  assertMayWrite(state, request);
  const etag = `"${md5(bytes)}"`;
  const object = { bytes, etag, checksum, headers: keptHeaders(request), modifiedAt: now };
  state.objects.set(request.key, object);
  return { status: 200, headers: { etag, ...checksumHeaders(checksum) } };
}

/** What of a request's headers an object has later. */
export function keptHeaders({ headers }: S3Request): ReadonlyMap<string, string> {
  return new Map(
    [...headers].filter(([name]) => name === "content-type" || name.startsWith("x-amz-meta-")),
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function assertMayWrite({ objects }: S3State, { key, headers }: S3Request): void {
  const there = objects.get(key);
  if (headers.get("if-none-match") === "*" && there) throw preconditionFailed("If-None-Match");
  const expected = headers.get("if-match");
  if (expected === undefined) return;
  if (!there) throw noSuchKey(key);
  if (expected !== there.etag) throw preconditionFailed("If-Match");
}

export function getObject(state: S3State, request: S3Request): S3Answer {
  const { key, headers, method } = request;
  const object = state.objects.get(key);
  if (!object) throw noSuchKey(key);
  const wanted = headers.get("if-match");
  if (wanted !== undefined && wanted !== object.etag) throw preconditionFailed("If-Match");
  if (headers.get("if-none-match") === object.etag) return { status: 304 };
  const range = rangeOf(headers.get("range"), object.bytes.length);
  const bytes = range ? object.bytes.subarray(range.from, range.to + 1) : object.bytes;
  const asks = headers.get("x-amz-checksum-mode") === "ENABLED" && !range;
  return {
    status: range ? 206 : 200,
    headers: {
      ...Object.fromEntries(object.headers),
      etag: object.etag,
      "accept-ranges": "bytes",
      "last-modified": new Date(object.modifiedAt).toUTCString(),
      "content-length": String(bytes.length),
      ...(range && {
        "content-range": `bytes ${range.from}-${range.to}/${object.bytes.length}`,
      }),
      ...(asks && checksumHeaders(object.checksum)),
    },
    ...(method === "GET" && { body: bytes }),
  };
}

function rangeOf(
  header: string | undefined,
  size: number,
): { readonly from: number; readonly to: number } | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (from <= to) return { from, to };
  throw new S3Refusal(416, "InvalidRange", "The requested range is not satisfiable");
}

export function checksumHeaders(checksum: Checksum | undefined): Readonly<Record<string, string>> {
  if (!checksum) return {};
  const { algorithm, value } = checksum;
  return {
    [`x-amz-checksum-${algorithm}`]: value,
    "x-amz-checksum-type": value.includes("-") ? "COMPOSITE" : "FULL_OBJECT",
  };
}

export function deleteObject(state: S3State, { key }: S3Request): S3Answer {
  state.objects.delete(key);
  return { status: 204 };
}

export function deleteObjects(state: S3State, request: S3Request): S3Answer {
  if (!request.headers.has("content-md5") && !checksumIn(request.headers))
    throw invalidRequest("Missing required header for this request: Content-MD5");
  const xml = payloadOf(request).bytes.toString();
  const keys = elementsOf(xml, "Object").map((each) => textOf(each, "Key") ?? "");
  if (keys.length === 0 || keys.length > 1000)
    throw new S3Refusal(400, "MalformedXML", "The XML you provided was not well-formed.");
  for (const key of keys) state.objects.delete(key);
  const isQuiet = textOf(xml, "Quiet") === "true";
  const deleted = isQuiet ? {} : { Deleted: keys.map((Key) => ({ Key })) };
  return { status: 200, body: toXml("DeleteResult", deleted) };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function listObjects(
  state: S3State,
  { query, bucket }: S3Request,
  pageSize: number,
): S3Answer {
  const prefix = query.get("prefix") ?? "";
  const most = Math.min(Number(query.get("max-keys") ?? pageSize), pageSize);
  const token = query.get("continuation-token");
  const after = token === null ? (query.get("start-after") ?? "") : fromToken(token);
  const found = [...state.objects.keys()]
    .filter((key) => key.startsWith(prefix) && key > after)
    .toSorted((a, b) => (a < b ? -1 : 1));
  const page = found.slice(0, most);
  const isTruncated = found.length > page.length;
  const encode = (key: string): string =>
    query.get("encoding-type") === "url" ? encodeURIComponent(key) : key;
  const contents: Xml[] = page.flatMap((key) => {
    const object = state.objects.get(key);
    return object ? [{ ...listed(object), Key: encode(key) }] : [];
  });
  return {
    status: 200,
    body: toXml("ListBucketResult", {
      Name: bucket,
      Prefix: encode(prefix),
      KeyCount: page.length,
      MaxKeys: most,
      IsTruncated: isTruncated,
      ...(isTruncated && { NextContinuationToken: toToken(page.at(-1) ?? "") }),
      Contents: contents,
    }),
  };
}

function listed({ modifiedAt, etag, bytes }: S3Object): { readonly [name: string]: Xml } {
  const LastModified = new Date(modifiedAt).toISOString();
  return { LastModified, ETag: etag, Size: bytes.length, StorageClass: "STANDARD" };
}

const toToken = (key: string): string => Buffer.from(key).toString("base64");

function fromToken(token: string): string {
  const key = Buffer.from(token, "base64").toString();
  if (toToken(key) === token) return key;
  throw new S3Refusal(400, "InvalidArgument", "The continuation token provided is incorrect");
}
