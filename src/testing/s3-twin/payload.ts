import { createHash } from "node:crypto";

import { type Checksum, checksumIn, digest } from "./checksums.ts";
import type { S3Request } from "./request.ts";
import { invalidRequest, S3Refusal } from "./s3-error.ts";

/** What was sent, after all that was said of it was compared with it. */
export interface Payload {
  readonly bytes: Buffer;
  readonly checksum: Checksum | undefined;
}

/**
 * Takes the frames off a body that has such, and compares hash, length and checksums.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function payloadOf({ headers, body }: S3Request): Payload {
  const hash = headers.get("x-amz-content-sha256") ?? "";
  const isFramed = hash === "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  if (hash.startsWith("STREAMING-") && !isFramed)
    throw new S3Refusal(501, "NotImplemented", `The twin does not take ${hash}`);
  const { bytes, trailers } = isFramed
    ? unframed(headers, body)
    : { bytes: body, trailers: noTrailers };
  if (/^[0-9a-f]{64}$/.test(hash) && hash !== createHash("sha256").update(bytes).digest("hex"))
    throw new S3Refusal(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  const md5 = headers.get("content-md5");
  if (md5 !== undefined && md5 !== createHash("md5").update(bytes).digest("base64"))
    throw new S3Refusal(
      400,
      "BadDigest",
      "The Content-MD5 you specified did not match what we received.",
    );
  const checksum = checksumIn(trailers) ?? checksumIn(headers);
  if (checksum && checksum.value !== digest(checksum.algorithm, bytes))
    throw new S3Refusal(
      400,
      "BadDigest",
      `The ${checksum.algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  return { bytes, checksum };
}

const noTrailers: ReadonlyMap<string, string> = new Map();

function unframed(
  headers: ReadonlyMap<string, string>,
  body: Buffer,
): { readonly bytes: Buffer; readonly trailers: ReadonlyMap<string, string> } {
  if (!headers.get("content-encoding")?.split(",").includes("aws-chunked"))
    throw invalidRequest("Trailers need the content encoding aws-chunked");
  const chunks: Buffer[] = [];
  let at = 0;
  const line = (): string => {
    const end = body.indexOf("\r\n", at);
    if (end < 0) throw incomplete();
    const text = body.subarray(at, end).toString("latin1");
    at = end + 2;
    return text;
  };
  for (;;) {
    const size = Number.parseInt(/^[0-9a-fA-F]+/.exec(line())?.[0] ?? "", 16);
    if (Number.isNaN(size) || at + size > body.length) throw incomplete();
    if (size === 0) break;
    chunks.push(body.subarray(at, at + size));
    at += size;
    if (line() !== "") throw incomplete();
  }
  const trailers = new Map<string, string>();
  for (let text = line(); text !== ""; text = at < body.length ? line() : "") {
    const [name = "", value = ""] = text.split(/:(.*)/s);
    trailers.set(name.toLowerCase().trim(), value.trim());
  }
  const bytes = Buffer.concat(chunks);
  if (Number(headers.get("x-amz-decoded-content-length")) !== bytes.length) throw incomplete();
  for (const name of headers.get("x-amz-trailer")?.split(",") ?? [])
    if (!trailers.has(name.trim().toLowerCase()))
      throw new S3Refusal(
        400,
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed.",
      );
  return { bytes, trailers };
}

const incomplete = (): S3Refusal =>
  new S3Refusal(
    400,
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header.",
  );
