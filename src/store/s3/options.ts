import { z } from "zod";

/** The bucket, and how it is reached. */
export const S3Place = z.strictObject({
  bucket: z.string().min(3),
  /** Default: the SDK's, as of `AWS_REGION`; with `endpoint`, `us-east-1`. */
  region: z.string().min(1).exactOptional(),
  /** Of a service that is not Amazon's, such as `https://minio.internal:9000`. */
  endpoint: z.url({ protocol: /^https?$/ }).exactOptional(),
  /** Whether the bucket is in the path of addresses, not in their host. Default: where there is an `endpoint`. */
  pathStyle: z.boolean().exactOptional(),
  /** What all keys begin with, as in `opsthread/`. Default nothing. */
  prefix: z
    .string()
    .regex(/^([\w.-]+\/)*$/, 'expected segments that each end with "/", such as "opsthread/"')
    .default(""),
  /** Of each part of a large blob; twice as much is held in memory. At least 5 MiB, which is S3's own limit. Default 16 MiB. */
  partBytes: z
    .number()
    .int()
    .min(5 * 1024 ** 2)
    .max(512 * 1024 ** 2)
    .default(16 * 1024 ** 2),
});

/** What {@link s3Blobs} takes. */
export const S3Options = S3Place.extend({
  /**
   * Default: what the SDK finds (variables, shared files, web identity, the machine's role), see
   * https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html
   */
  credentials: z
    .strictObject({
      accessKeyId: z.string().min(1),
      secretAccessKey: z.string().min(1),
      sessionToken: z.string().min(1).exactOptional(),
    })
    .exactOptional(),
});
export type S3Options = z.input<typeof S3Options>;
