import { closeSync, constants, fstatSync, openSync, read, write, type BigIntStats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

import { refused } from "./places.ts";
import { codeOf } from "./system-error.ts";

export interface OpenFile extends AsyncDisposable {
  readonly handle: FileHandle;
}

/** Non-blocking, because opening a named pipe waits for its other end. */
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a regular file to read, and nothing else: not through a link, no pipe and no device.
 * @param path what it is called in an error
 */
export async function openRegular(hostPath: string, path: string): Promise<OpenFile> {
  const file = closing(await openOrRefuse(hostPath, path));
  try {
    if (!(await file.handle.stat()).isFile())
      throw refused(path, "it is no file (any more)", "one");
    return file;
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

async function openOrRefuse(hostPath: string, path: string): Promise<FileHandle> {
  try {
    return await open(hostPath, readFlags);
  } catch (error) {
    throw isExchanged(error) ? refused(path, "it changed while it was opened", "a file") : error;
  }
}

/** A regular file that is held open. Only reading it waits: what opens it was looked at just now. */
export interface HeldFile extends Disposable {
  readonly stats: BigIntStats;
  /** Reads on from where the last one ended; nothing at the end. */
  read(into: Uint8Array): Promise<number>;
}

/** For many small files: a fraction of what a `FileHandle` costs. Undefined for what is no regular file (any more). */
export function holdRegular(hostPath: string): HeldFile | undefined {
  let fd: number;
  try {
    fd = openSync(hostPath, readFlags);
  } catch (error) {
    if (isExchanged(error)) return undefined;
    throw error;
  }
  const held: HeldFile = {
    stats: fstatSync(fd, { bigint: true }),
    read: (into) =>
      new Promise((resolve, reject) => {
        read(fd, into, 0, into.length, null, (error, bytes) =>
          error ? reject(error) : resolve(bytes),
        );
      }),
    [Symbol.dispose]: () => closeSync(fd),
  };
  if (held.stats.isFile()) return held;
  held[Symbol.dispose]();
  return undefined;
}

export interface NewFile extends Disposable {
  readonly fd: number;
  write(chunk: Uint8Array): Promise<void>;
}

/** The same to write: makes a file where there is nothing, also no link. */
export function createFile(hostPath: string): NewFile {
  const fd = openSync(hostPath, "wx", 0o600);
  const writeSome = (chunk: Uint8Array): Promise<number> =>
    new Promise((resolve, reject) => {
      write(fd, chunk, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
  return {
    fd,
    async write(chunk) {
      for (let at = 0; at < chunk.length;) at += await writeSome(chunk.subarray(at));
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

/** A link, a pipe or a device, or nothing: it was a file when it was looked at. */
function isExchanged(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ELOOP" || code === "ENXIO" || code === "ENOENT" || code === "ENOTDIR";
}

export const closing = (handle: FileHandle): OpenFile => ({
  handle,
  [Symbol.asyncDispose]: () => handle.close(),
});

/** Up to `length` bytes from `offset`. */
export async function readPart(
  handle: FileHandle,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<{ readonly bytes: Uint8Array; readonly size: number }> {
  const { size } = await handle.stat();
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)));
  let filled = 0;
  while (filled < bytes.length) {
    const left = bytes.length - filled;
    const { bytesRead } = await handle.read(bytes, filled, left, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return { bytes: bytes.subarray(0, filled), size };
}

const chunkBytes = 1024 * 1024;

/** A file's bytes from its start, in chunks that are the reader's to keep. */
export async function* bytesOf(
  handle: FileHandle,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  for (;;) {
    signal.throwIfAborted();
    const chunk = Buffer.allocUnsafeSlow(chunkBytes);
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, null);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
  }
}

export async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    const { bytesWritten } = await handle.write(chunk, written);
    written += bytesWritten;
  }
}
