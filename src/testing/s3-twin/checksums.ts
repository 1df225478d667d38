import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

import { S3Refusal } from "./s3-error.ts";

/** Those of S3 that the twin can work out. */
export type Algorithm = "crc32" | "sha1" | "sha256";

export interface Checksum {
  readonly algorithm: Algorithm;
  /** Base64; of an object in parts with `-` and their number behind. */
  readonly value: string;
}

export function digest(algorithm: Algorithm, bytes: Buffer): string {
  if (algorithm !== "crc32") return createHash(algorithm).update(bytes).digest("base64");
  const word = Buffer.alloc(4);
  word.writeUInt32BE(crc32(bytes));
  return word.toString("base64");
}

/** The one that is given, in headers or trailers. */
export function checksumIn(headers: ReadonlyMap<string, string>): Checksum | undefined {
  for (const [name, value] of headers) {
    const [, algorithm = ""] = /^x-amz-checksum-(crc32c?|crc64nvme|sha1|sha256)$/.exec(name) ?? [];
    if (algorithm !== "") return { algorithm: algorithmOf(algorithm), value };
  }
  return undefined;
}

export function algorithmOf(name: string): Algorithm {
  const algorithm = algorithms.find((each) => each === name.toLowerCase());
  if (algorithm) return algorithm;
  throw new S3Refusal(501, "NotImplemented", `The twin can't work out ${name}`);
}

const algorithms = ["crc32", "sha1", "sha256"] as const;

/** Of an object in parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html */
export function composite(algorithm: Algorithm, values: readonly string[]): Checksum {
  const all = Buffer.concat(values.map((value) => Buffer.from(value, "base64")));
  return { algorithm, value: `${digest(algorithm, all)}-${values.length}` };
}
