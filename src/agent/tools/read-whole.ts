import type { SandboxFiles } from "../../sandbox/sandbox.ts";
import { formatBytes } from "./format.ts";

/** A larger file is edited with a program. */
const maxBytes = 2 * 1024 * 1024;
const chunkBytes = 256 * 1024;

/** The text of a file that can be written back as it was, or why there is none. */
export async function readWhole(
  files: SandboxFiles,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<{ readonly text: string } | { readonly problem: string }> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for (;;) {
    signal.throwIfAborted();
    const part = await files.read(path, { offset: read, length: chunkBytes });
    if (part === undefined) return { problem: "no such file" };
    if (part.size > maxBytes)
      return {
        problem: `it has ${formatBytes(part.size)}, more than ${formatBytes(maxBytes)}; use the shell`,
      };
    chunks.push(part.bytes);
    read += part.bytes.length;
    if (part.bytes.length === 0 || read >= part.size) break;
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.includes(0)) return { problem: "it is a binary file" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    // Written back, the bytes that are no UTF-8 would be lost.
    return { problem: "it is not UTF-8; use the shell" };
  }
}
