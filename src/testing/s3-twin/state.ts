import type { Algorithm, Checksum } from "./checksums.ts";

/** What the bucket holds. */
export interface S3State {
  readonly objects: Map<string, S3Object>;
  /** Uploads in parts that were begun, by id. */
  readonly uploads: Map<string, S3Upload>;
}

export interface S3Object {
  readonly bytes: Buffer;
  readonly etag: string;
  /** What is given back as it was sent: its type, and `x-amz-meta-*`. */
  readonly headers: ReadonlyMap<string, string>;
  readonly checksum: Checksum | undefined;
  readonly modifiedAt: number;
}

export interface S3Upload {
  readonly key: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly algorithm: Algorithm | undefined;
  readonly begunAt: number;
  readonly parts: Map<number, S3Part>;
}

export interface S3Part {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly checksum: Checksum | undefined;
}
