import type { IncomingMessage } from "node:http";

import { S3Refusal } from "./s3-error.ts";

/** A request as it came. */
export interface S3Request {
  readonly method: string;
  /** As it was sent, which is what is signed. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  /** As it was sent: with its chunks' frames where it has such. */
  readonly body: Buffer;
}

/** Undefined when the client went away in the middle. */
export async function readRequest(incoming: IncomingMessage): Promise<S3Request | undefined> {
  const [rawPath = "/", rawQuery = ""] = (incoming.url ?? "/").split(/\?(.*)/s);
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(rawPath) ?? [];
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  } catch {
    return undefined;
  }
  return {
    method: incoming.method ?? "GET",
    rawPath,
    rawQuery,
    query: new URLSearchParams(rawQuery),
    headers: new Map(
      Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(",")]),
    ),
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key),
    body: Buffer.concat(chunks),
  };
}

/** What of S3 is asked for, by the names of its API. */
export type S3Operation =
  | "PutObject"
  | "GetObject"
  | "HeadObject"
  | "DeleteObject"
  | "DeleteObjects"
  | "ListObjectsV2"
  | "HeadBucket"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"
  | "ListMultipartUploads";

/** @throws {S3Refusal} for what the twin does not have */
export function operationOf({ method, key, query }: S3Request): S3Operation {
  const has = (name: string): boolean => query.has(name);
  if (key === "") {
    if (method === "HEAD") return "HeadBucket";
    if (method === "GET" && query.get("list-type") === "2") return "ListObjectsV2";
    if (method === "GET" && has("uploads")) return "ListMultipartUploads";
    if (method === "POST" && has("delete")) return "DeleteObjects";
  } else {
    if (method === "HEAD") return "HeadObject";
    if (method === "GET") return "GetObject";
    if (method === "POST" && has("uploads")) return "CreateMultipartUpload";
    if (method === "POST" && has("uploadId")) return "CompleteMultipartUpload";
    if (method === "PUT") return has("uploadId") ? "UploadPart" : "PutObject";
    if (method === "DELETE") return has("uploadId") ? "AbortMultipartUpload" : "DeleteObject";
  }
  throw new S3Refusal(
    501,
    "NotImplemented",
    "A header you provided implies functionality that is not implemented",
  );
}
