/** Blobs in a bucket of Amazon S3, or of what speaks its protocol. */
export { type S3Blobs, s3Blobs } from "./blobs.ts";
export { S3Options } from "./options.ts";
