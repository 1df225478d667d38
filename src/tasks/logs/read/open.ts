import type { TaskFiles } from "../../task.ts";
import { gunzip } from "./gunzip.ts";
import { peek } from "./peek.ts";

/** A file that can be read as text, or why it can't. */
export type OpenedLog =
  | { readonly type: "text"; readonly chunks: AsyncIterable<Buffer>; readonly encoding: string }
  | { readonly type: "unreadable"; readonly reason: string };

export interface OpenOptions {
  /** Is told each number of bytes that was read from the file itself. */
  readonly onBytes?: (bytes: number) => void;
  /** Is told when a file ends earlier than it should. */
  readonly onProblem?: (problem: string) => void;
}

const headBytes = 4096;

/** Opens a log: unpacks gzip, brings UTF-16 to UTF-8, and refuses what is no text. */
export async function openLog(
  files: TaskFiles,
  path: string,
  { onBytes = () => {}, onProblem = () => {} }: OpenOptions = {},
): Promise<OpenedLog> {
  const raw = await peek(counted(files.open(path), onBytes), headBytes);
  const packed = packedWith(raw.head);
  if (packed !== undefined && packed !== "gzip")
    return refuse(raw.all, `compressed with ${packed}`);
  if (packed === undefined) return openText(raw, "");
  return openText(await peek(gunzip(raw.all, { onProblem }), headBytes), "gzip, ");
}

async function openText(
  { head, all }: Awaited<ReturnType<typeof peek>>,
  prefix: string,
): Promise<OpenedLog> {
  const wide = wideEncoding(head);
  if (wide !== undefined) {
    return { type: "text", chunks: transcode(all, wide), encoding: `${prefix}${wide}` };
  }
  if (head.subarray(257, 262).toString("latin1") === "ustar") return refuse(all, "a tar archive");
  if (looksBinary(head)) return refuse(all, "binary, not text");
  return { type: "text", chunks: all, encoding: `${prefix}utf-8` };
}

async function refuse(all: AsyncIterable<Buffer>, reason: string): Promise<OpenedLog> {
  await all[Symbol.asyncIterator]().return?.();
  return { type: "unreadable", reason };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}

const magics: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
  ["7z", [0x37, 0x7a, 0xbc, 0xaf]],
];

function packedWith(head: Buffer): string | undefined {
  return magics.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte))?.[0];
}

function wideEncoding(head: Buffer): "utf-16le" | "utf-16be" | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  return head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : undefined;
}

/**
 * Text may hold a stray NUL; a tenth of control characters it does not. What holds both a NUL and that much that is no
 * UTF-8 is no text in another encoding either.
 */
function looksBinary(head: Buffer): boolean {
  let controls = 0;
  for (const byte of head) {
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) controls += 1;
  }
  if (controls > head.length / 10) return true;
  return head.includes(0) && head.toString().split("\uFFFD").length > head.length / 10;
}

async function* transcode(source: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}
