import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";

import { pack } from "tar-stream";

/** Files that are not easily compressed, as one archive: so many, of so many bytes each. */
export async function tarOf(...sets: readonly FileSet[]): Promise<Buffer> {
  const archive = pack();
  for (const { folder, count, bytes } of sets)
    for (let index = 0; index < count; index += 1)
      archive.entry({ name: `${folder}/${index % 20}/file-${index}`, mode: 0o644 }, content(bytes));
  archive.finalize();
  return buffer(archive);
}

export interface FileSet {
  readonly folder: string;
  readonly count: number;
  readonly bytes: number;
}

export function content(bytes: number): Buffer {
  return Buffer.concat(
    Array.from({ length: Math.ceil(bytes / noise.length) }, () => noise),
    bytes,
  );
}

const noise = randomBytes(1_000_000);

/** The same in pieces, as it would come from a network. */
export async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 64 * 1024;
  for (let start = 0; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}

/** Reads all, and returns how much it was. */
export async function drain(stream: AsyncIterable<Uint8Array> | undefined): Promise<number> {
  if (!stream) throw new Error("There is nothing to read");
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}
