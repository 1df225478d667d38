import type * as Sdk from "@aws-sdk/client-s3";
import type { z } from "zod";

import { explain } from "./failures.ts";
import type { S3Options } from "./options.ts";

/** The bucket, connected. */
export interface Connection {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
  readonly bucket: string;
  readonly partBytes: number;
  /** The key of a blob, or what the keys of several begin with. */
  readonly key: (id: string) => string;
  /** Does what `action` says; its failure is told with what to do about it. */
  readonly attempt: <T>(action: string, work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;
}

export interface LazyConnection {
  get(): Promise<Connection>;
  close(): Promise<void>;
}

/** Loads the SDK with the first call. */
export function lazyConnection(options: z.output<typeof S3Options>): LazyConnection {
  let opening: Promise<Connection> | undefined;
  return {
    get: () => (opening ??= connect(options)),
    async close() {
      (await opening)?.client.destroy();
      opening = undefined;
    },
  };
}

async function connect(options: z.output<typeof S3Options>): Promise<Connection> {
  const { bucket, endpoint, pathStyle = endpoint !== undefined, prefix, credentials } = options;
  const region = options.region ?? (endpoint === undefined ? undefined : "us-east-1");
  const sdk = await import("@aws-sdk/client-s3");
  const client = new sdk.S3Client({
    forcePathStyle: pathStyle,
    maxAttempts: 5,
    // What is read is checked here, over all parts and across tries.
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: 5000, socketTimeout: 30_000 },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && {
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken }),
      },
    }),
  });
  return {
    sdk,
    client,
    bucket,
    partBytes: options.partBytes,
    key: (id) => `${prefix}${id}`,
    async attempt(action, work, signal) {
      try {
        return await work();
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        throw explain(error, action, options);
      }
    },
  };
}
