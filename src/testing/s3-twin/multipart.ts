import { randomUUID } from "node:crypto";

import { algorithmOf, checksumIn, composite } from "./checksums.ts";
import { assertMayWrite, checksumHeaders, keptHeaders, md5, type S3Answer } from "./objects.ts";
import { payloadOf } from "./payload.ts";
import type { S3Request } from "./request.ts";
import { invalidRequest, noSuchUpload, S3Refusal } from "./s3-error.ts";
import type { S3Part, S3State, S3Upload } from "./state.ts";
import { elementsOf, textOf, toXml } from "./xml.ts";

export function createUpload(state: S3State, request: S3Request, now: number): S3Answer {
  const { key, bucket, headers } = request;
  const algorithm = headers.get("x-amz-checksum-algorithm");
  const id = randomUUID();
  state.uploads.set(id, {
    key,
    headers: keptHeaders(request),
    algorithm: algorithm === undefined ? undefined : algorithmOf(algorithm),
    begunAt: now,
    parts: new Map(),
  });
  const body = toXml("InitiateMultipartUploadResult", { Bucket: bucket, Key: key, UploadId: id });
  return { status: 200, body };
}

export function uploadPart(state: S3State, request: S3Request): S3Answer {
  const upload = uploadOf(state, request);
  const number = Number(request.query.get("partNumber"));
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new S3Refusal(400, "InvalidArgument", "Part number must be between 1 and 10000");
  const { bytes, checksum } = payloadOf(request);
  if (upload.algorithm && checksum?.algorithm !== upload.algorithm)
    throw invalidRequest(`Checksum Type mismatch occurred, expected ${upload.algorithm}`);
  const etag = `"${md5(bytes)}"`;
  upload.parts.set(number, { bytes, etag, checksum });
  return { status: 200, headers: { etag, ...checksumHeaders(checksum) } };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export function completeUpload(
  state: S3State,
  request: S3Request,
  { now, leastPartBytes }: { readonly now: number; readonly leastPartBytes: number },
): S3Answer {
  const upload = uploadOf(state, request);
  const parts = namedParts(upload, payloadOf(request).bytes.toString());
  if (parts.slice(0, -1).some(({ bytes }) => bytes.length < leastPartBytes))
    throw new S3Refusal(
      400,
      "EntityTooSmall",
      "Your proposed upload is smaller than the minimum allowed size",
    );
  assertMayWrite(state, request);
  const values = parts.flatMap(({ checksum }) => checksum?.value ?? []);
  const checksum = upload.algorithm && composite(upload.algorithm, values);
  const asserted = checksumIn(request.headers);
  if (asserted && asserted.value !== checksum?.value)
    throw new S3Refusal(400, "BadDigest", "The checksum you specified did not match");
  const digests = Buffer.concat(
    parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ""), "hex")),
  );
  const etag = `"${md5(digests)}-${parts.length}"`;
  const bytes = Buffer.concat(parts.map((part) => part.bytes));
  const { key, headers } = upload;
  state.objects.set(key, { bytes, etag, headers, checksum, modifiedAt: now });
  state.uploads.delete(request.query.get("uploadId") ?? "");
  const told = checksum && {
    [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value,
    ChecksumType: "COMPOSITE",
  };
  const result = { Bucket: request.bucket, Key: key, ETag: etag, ...told };
  return { status: 200, body: toXml("CompleteMultipartUploadResult", result) };
}

/** The parts that the request names, in its order, which has to be theirs. */
function namedParts({ parts, algorithm }: S3Upload, xml: string): readonly S3Part[] {
  let last = 0;
  const named = elementsOf(xml, "Part").map((each) => {
    const number = Number(textOf(each, "PartNumber"));
    if (number <= last)
      throw new S3Refusal(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
    last = number;
    const part = parts.get(number);
    const checksum = algorithm && textOf(each, `Checksum${algorithm.toUpperCase()}`);
    const etag = (textOf(each, "ETag") ?? "").replaceAll('"', "");
    if (!part || part.etag !== `"${etag}"` || (algorithm && checksum !== part.checksum?.value))
      throw new S3Refusal(
        400,
        "InvalidPart",
        "One or more of the specified parts could not be found.",
      );
    return part;
  });
  if (named.length > 0) return named;
  throw new S3Refusal(400, "MalformedXML", "The XML you provided was not well-formed.");
}

export function abortUpload(state: S3State, request: S3Request): S3Answer {
  uploadOf(state, request);
  state.uploads.delete(request.query.get("uploadId") ?? "");
  return { status: 204 };
}

export function listUploads(
  state: S3State,
  { bucket, query }: S3Request,
  pageSize: number,
): S3Answer {
  const prefix = query.get("prefix") ?? "";
  const most = Math.min(Number(query.get("max-uploads") ?? pageSize), pageSize);
  const found = [...state.uploads].filter(([, { key }]) => key.startsWith(prefix));
  return {
    status: 200,
    body: toXml("ListMultipartUploadsResult", {
      Bucket: bucket,
      Prefix: prefix,
      IsTruncated: found.length > most,
      Upload: found.slice(0, most).map(([UploadId, { key, begunAt }]) => ({
        Key: key,
        UploadId,
        Initiated: new Date(begunAt).toISOString(),
      })),
    }),
  };
}

function uploadOf({ uploads }: S3State, { key, query }: S3Request): S3Upload {
  const upload = uploads.get(query.get("uploadId") ?? "");
  if (upload?.key === key) return upload;
  throw noSuchUpload();
}
