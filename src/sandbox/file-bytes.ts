import { constants } from "node:fs";
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
    const code = codeOf(error);
    // A link, a pipe or a device, or nothing: it was a file when it was looked at.
    if (code === "ELOOP" || code === "ENXIO" || code === "ENOENT" || code === "ENOTDIR")
      throw refused(path, "it changed while it was opened", "a file");
    throw error;
  }
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
