import { createHash } from "node:crypto";

import { isOpsthreadError, messageOf, OpsthreadError } from "../../core/errors.ts";
import type { TaskContext } from "../task.ts";

/** What a file holds. */
export type FileContent =
  | { readonly type: "text"; readonly text: string }
  /** Too large or no text: only told equal or different, by its digest. */
  | {
      readonly type: "opaque";
      readonly reason: string;
      readonly digest: string;
      readonly bytes: number;
    };

/** Bytes of one file that are held in memory. */
const mostBytes = 48_000_000;

/** @throws {OpsthreadError} `TASK_FAILED` when there is no such file */
export async function readFile(path: string, { files, signal }: TaskContext): Promise<FileContent> {
  const chunks: Uint8Array[] = [];
  const digest = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of files.open(path)) {
      signal.throwIfAborted();
      digest.update(chunk);
      bytes += chunk.length;
      if (bytes <= mostBytes) chunks.push(chunk);
    }
  } catch (error) {
    if (signal.aborted || isOpsthreadError(error)) throw error;
    throw new OpsthreadError(
      "TASK_FAILED",
      `Cannot read "${path}": ${messageOf(error)}, expected a file in the workspace or a source`,
      { cause: error },
    );
  }
  const opaque = (reason: string): FileContent => ({
    type: "opaque",
    reason,
    digest: digest.digest("hex"),
    bytes,
  });
  if (bytes > mostBytes) return opaque(`larger than ${mostBytes / 1e6} MB`);
  const text = decode(Buffer.concat(chunks));
  return text === undefined ? opaque("no text") : { type: "text", text };
}

function decode(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.subarray(0, 65_536).includes(0)) return undefined;
  return new TextDecoder().decode(bytes);
}
