import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { type PendingFault, type S3Fault, takeFault } from "./faults.ts";
import { abortUpload, completeUpload, createUpload, listUploads, uploadPart } from "./multipart.ts";
import {
  deleteObject,
  deleteObjects,
  getObject,
  listObjects,
  putObject,
  type S3Answer,
} from "./objects.ts";
import { operationOf, readRequest, type S3Operation, type S3Request } from "./request.ts";
import { S3Refusal } from "./s3-error.ts";
import { checkSignature } from "./signature.ts";
import type { S3State } from "./state.ts";
import { toXml } from "./xml.ts";

export interface S3TwinOptions {
  /** Default `ops`. */
  readonly bucket?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** The time on the twin's clock. Default the machine's. */
  readonly now?: () => number;
  /** Of each part but the last. Default 5 MiB, as S3 has it. */
  readonly leastPartBytes?: number;
  /** Entries in a page of a list. Default 1000, as S3 has it. */
  readonly pageSize?: number;
}

/** A stand-in for Amazon S3 with one bucket, on loopback, with paths. */
export interface S3Twin extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** What was asked, in order, and the status that it was answered with; 0 for a connection that was cut. */
  readonly requests: readonly S3Seen[];
  /** The keys that there are, in order. */
  keys(): readonly string[];
  /** The bytes of an object. */
  bytes(key: string): Buffer | undefined;
  /** Keys of uploads in parts that were begun and neither completed nor aborted. */
  uploads(): readonly string[];
  /** Lets the next request of this operation go wrong. Several of one operation meet one each, in the order given. */
  fault(operation: S3Operation, fault: S3Fault): void;
  /** Changes a byte of an object, and nothing that is said of it: what a bad disk does. */
  spoil(key: string): void;
}

export interface S3Seen {
  readonly operation: S3Operation;
  readonly key: string;
  readonly status: number;
}

/**
 * Starts a stand-in for Amazon S3. It is as strict: signatures are checked over what came, hashes, lengths and checksums are
 * compared, in headers and in trailers, and parts that are too small, missing or in disorder are refused.
 *
 * @example
 * await using s3 = await s3Twin();
 * const blobs = s3Blobs({ endpoint: s3.url, bucket: s3.bucket, credentials: s3.credentials });
 */
export async function s3Twin(options: S3TwinOptions = {}): Promise<S3Twin> {
  const { bucket = "ops", region = "us-east-1", now = () => Date.now() } = options;
  const { leastPartBytes = 5 * 1024 ** 2, pageSize = 1000 } = options;
  const credentials = { accessKeyId: "AKIATWIN", secretAccessKey: "secret-of-the-twin" };
  const state: S3State = { objects: new Map(), uploads: new Map() };
  const pending: PendingFault[] = [];
  const requests: S3Seen[] = [];

  const carryOut = (operation: S3Operation, request: S3Request): S3Answer => {
    const time = now();
    switch (operation) {
      case "HeadBucket":
        return { status: 200, headers: { "x-amz-bucket-region": region } };
      case "PutObject":
        return putObject(state, request, time);
      case "GetObject":
      case "HeadObject":
        return getObject(state, request);
      case "DeleteObject":
        return deleteObject(state, request);
      case "DeleteObjects":
        return deleteObjects(state, request);
      case "ListObjectsV2":
        return listObjects(state, request, pageSize);
      case "CreateMultipartUpload":
        return createUpload(state, request, time);
      case "UploadPart":
        return uploadPart(state, request);
      case "CompleteMultipartUpload":
        return completeUpload(state, request, { now: time, leastPartBytes });
      case "AbortMultipartUpload":
        return abortUpload(state, request);
      case "ListMultipartUploads":
        return listUploads(state, request, pageSize);
    }
  };

  const answer = (operation: S3Operation, request: S3Request): S3Answer => {
    try {
      checkSignature(request, { keys: credentials, region, now: now() });
      if (request.bucket !== bucket)
        throw new S3Refusal(404, "NoSuchBucket", "The specified bucket does not exist", {
          BucketName: request.bucket,
        });
      return carryOut(operation, request);
    } catch (error) {
      return refusalOf(error, request);
    }
  };

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming);
    if (!request) return;
    const { key } = request;
    let operation: S3Operation;
    try {
      operation = operationOf(request);
    } catch (error) {
      return send(outgoing, refusalOf(error, request), now());
    }
    const seen = (status: number): void => void requests.push({ operation, key, status });
    const fault = takeFault(pending, operation);
    if (fault?.type === "slow") await fault.until;
    const takes = fault === undefined || !("taken" in fault) || fault.taken;
    const isRefused = fault?.type === "refused" || fault?.type === "slow-down";
    const given = takes && !isRefused ? answer(operation, request) : undefined;
    if (fault?.type === "drop") {
      seen(0);
      return void outgoing.destroy();
    }
    if (fault?.type === "cut" && given) {
      seen(0);
      return cut(outgoing, given, fault.after);
    }
    const told =
      given && fault?.type !== "failed" ? given : refusalOf(faultRefusal(fault), request);
    seen(told.status);
    send(outgoing, told, now());
  };

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- A TCP server's address has this shape.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bucket,
    region,
    credentials,
    requests,
    keys: () => [...state.objects.keys()].toSorted(),
    bytes: (key) => state.objects.get(key)?.bytes,
    uploads: () => Array.from(state.uploads.values(), ({ key }) => key),
    fault: (operation, fault) => void pending.push({ operation, fault }),
    spoil(key) {
      const object = state.objects.get(key);
      if (!object || object.bytes.length === 0)
        throw new RangeError(`Cannot spoil "${key}": there is no byte of it`);
      const bytes = Buffer.from(object.bytes);
      bytes[0] = (bytes[0] ?? 0) ^ 0xff;
      state.objects.set(key, { ...object, bytes });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function faultRefusal(fault: S3Fault | undefined): S3Refusal {
  if (fault?.type === "refused") return new S3Refusal(fault.status, fault.code, fault.code);
  if (fault?.type === "slow-down")
    return new S3Refusal(503, "SlowDown", "Please reduce your request rate.");
  return new S3Refusal(500, "InternalError", "We encountered an internal error. Please try again.");
}

function refusalOf(error: unknown, { method, rawPath }: S3Request): S3Answer {
  const refusal =
    error instanceof S3Refusal
      ? error
      : new S3Refusal(500, "InternalError", `The twin failed: ${String(error)}`);
  const { status, code, message, facts } = refusal;
  const body = toXml("Error", { Code: code, Message: message, ...facts, Resource: rawPath });
  return {
    status,
    headers: {
      "content-type": "application/xml",
      ...(facts["Region"] !== undefined && { "x-amz-bucket-region": facts["Region"] }),
    },
    // A HEAD has no body, so its client is told no more than the status.
    ...(method !== "HEAD" && { body }),
  };
}

function send(
  outgoing: ServerResponse,
  { status, headers = {}, body }: S3Answer,
  now: number,
): void {
  outgoing.writeHead(status, {
    "x-amz-request-id": "TWIN",
    date: new Date(now).toUTCString(),
    ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
    ...headers,
  });
  outgoing.end(body);
}

function cut(
  outgoing: ServerResponse,
  { status, headers, body = "" }: S3Answer,
  after: number,
): void {
  outgoing.writeHead(status, { ...headers });
  outgoing.write(Buffer.from(body).subarray(0, after), () => outgoing.destroy());
}
