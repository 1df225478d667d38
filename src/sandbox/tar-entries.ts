import { once } from "node:events";

import { extract, type Extract, type Header } from "tar-stream";
import { z } from "zod";

import { isOpsthreadError } from "../core/errors.ts";
import { archiveRefused } from "./archive-checks.ts";

export interface TarEntry {
  readonly path: string;
  readonly type: Header["type"];
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  readonly size: number;
  readonly target: string;
  /** What the file holds. What is not read is skipped. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * The entries of a tar stream, one at a time. No more is read of it than is asked for.
 * @throws {OpsthreadError} `SANDBOX_ARCHIVE_REFUSED` for what is no whole tar stream
 */
export async function* tarEntries(
  source: AsyncIterable<Uint8Array>,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<TarEntry> {
  const tar = extract();
  const failures: unknown[] = [];
  const feeding = feed(tar, source, signal).catch((error: unknown) => {
    failures.push(error);
    tar.destroy(new Error("The source failed"));
  });
  const failureOf = (error: unknown): unknown => {
    if (failures.length > 0) return failures[0];
    if (isOpsthreadError(error)) return error;
    return archiveRefused("it is damaged or no tar stream", error);
  };
  try {
    for await (const entry of tar) {
      const { header } = entry;
      // `null` is a type that tar-stream does not know.
      if (!header.type || isSparse(header))
        throw archiveRefused(`"${header.name.slice(0, 200)}" is of an unknown kind`);
      yield {
        path: header.name,
        type: header.type,
        mode: header.mode,
        mtime: mtimeOf(header),
        size: header.size,
        target: header.linkname ?? "", // null for none, whatever the type says
        bytes: bytesOf(entry, failureOf),
      };
      entry.resume();
    }
  } catch (error) {
    throw failureOf(error);
  } finally {
    tar.destroy();
    await feeding;
  }
  if (failures.length > 0) throw failures[0];
}

async function feed(
  tar: Extract,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const closed = once(tar, "close");
  closed.catch(() => {}); // Whoever reads the entries is told.
  let tail: Uint8Array = Buffer.alloc(0);
  for await (const chunk of source) {
    signal.throwIfAborted();
    if (tar.destroyed) return;
    tail = Buffer.concat([tail, chunk.subarray(-block)]).subarray(-block);
    if (!tar.write(chunk)) await Promise.race([once(tar, "drain"), closed]);
  }
  // tar-stream takes a stream for whole that ends between two entries.
  if (tail.length < block || tail.some((byte) => byte !== 0))
    throw archiveRefused("it ends too early");
  tar.end(null);
}

async function* bytesOf(
  entry: AsyncIterable<unknown>,
  failureOf: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
  } catch (error) {
    throw failureOf(error);
  }
}

const block = 512;

const PaxRecords = z.record(z.string(), z.string());

function paxOf(header: Header): Readonly<Record<string, string>> {
  return PaxRecords.parse(header.pax ?? {});
}

/** What GNU tar makes of files with holes: the bytes are not those of the file. */
const isSparse = (header: Header): boolean =>
  Object.keys(paxOf(header)).some((key) => key.startsWith("GNU.sparse."));

function mtimeOf(header: Header): number {
  const exact = Number(paxOf(header)["mtime"]);
  const seconds = Number.isFinite(exact) ? exact : header.mtime.getTime() / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}
