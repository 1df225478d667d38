import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import zlib from "node:zlib";

import { tryProgram } from "./run-program.ts";
import { zstdProgram } from "./zstd-program.ts";

export type ArchiveForm = "tar.zst" | "tar.gz";

/** Writes a stream to a new file, or reads it back. */
export interface Compression {
  pack(source: AsyncIterable<Uint8Array>, file: string, options: SignalOption): Promise<void>;
  unpack(file: string, options: SignalOption): AsyncIterable<Uint8Array>;
}

export interface SignalOption {
  readonly signal: AbortSignal;
}

/** What this host can read. The first one is what it writes. */
export type Compressions = ReadonlyMap<ArchiveForm, Compression>;

/** Zstandard of Node 22.15 and later, or else of the program `zstd`; and gzip, which is always there. */
export async function findCompressions(): Promise<Compressions> {
  const gzip = zlibCompression(() => zlib.createGzip({ level: 1 }), zlib.createGunzip);
  const zstd = zstdOfNode() ?? ((await hasZstdProgram()) ? zstdProgram : undefined);
  return new Map([...(zstd ? [["tar.zst", zstd] as const] : []), ["tar.gz", gzip] as const]);
}

/** Makes what was written to a file stay there when the power fails. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function zlibCompression(compress: () => Transform, decompress: () => Transform): Compression {
  return {
    async pack(source, file, { signal }) {
      const output = createWriteStream(file, { flags: "wx", mode: 0o600 });
      await pipeline(Readable.from(source), compress(), output, { signal });
    },
    async *unpack(file, { signal }) {
      const output = decompress();
      const reading = pipeline(createReadStream(file), output, { signal });
      reading.catch(() => {}); // Whoever reads the output is told.
      yield* output as AsyncIterable<Uint8Array>;
      await reading;
    },
  };
}

/** Not in the types of Node 20. */
function zstdOfNode(): Compression | undefined {
  const compress: unknown = Reflect.get(zlib, "createZstdCompress");
  const decompress: unknown = Reflect.get(zlib, "createZstdDecompress");
  if (!isFactory(compress) || !isFactory(decompress)) return undefined;
  return zlibCompression(
    () => compress(),
    () => decompress(),
  );
}

const isFactory = (value: unknown): value is () => Transform => typeof value === "function";

const hasZstdProgram = async (): Promise<boolean> =>
  (await tryProgram("zstd", ["--version"])).code === 0;
