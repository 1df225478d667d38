import { isUtf8 } from "node:buffer";

/** Keeps what is to be shown of an output stream, however long that gets. */
export interface OutputCapture {
  push(chunk: Uint8Array): void;
  /** Bytes pushed. */
  readonly bytes: number;
  /**
   * What is shown: all of it, or head and tail with a line between that says how many bytes are left out.
   * Never more than `shownBytes` of UTF-8, that line included.
   */
  shown(): { readonly text: string; readonly complete: boolean };
}

/** Captures one stream in at most twice `shownBytes` of memory. */
export function captureOutput(shownBytes: number): OutputCapture {
  const head = Buffer.alloc(shownBytes);
  const tail = Buffer.alloc(shownBytes); // A ring: byte n of the stream lies at n % shownBytes.
  let bytes = 0;
  return {
    push(chunk) {
      if (bytes < shownBytes) head.set(chunk.subarray(0, shownBytes - bytes), bytes);
      const last = chunk.subarray(Math.max(0, chunk.length - shownBytes));
      bytes += chunk.length;
      if (last.length === 0) return;
      const start = (bytes - last.length) % shownBytes;
      tail.set(last.subarray(0, shownBytes - start), start);
      tail.set(last.subarray(shownBytes - start), 0);
    },
    get bytes() {
      return bytes;
    },
    shown() {
      const end = bytes > shownBytes ? bytes % shownBytes : 0;
      const ordered = Buffer.concat([tail.subarray(end), tail.subarray(0, end)]);
      const kept = Math.min(bytes, shownBytes);
      return shownOutput({
        head: head.subarray(0, kept),
        tail: ordered.subarray(0, kept),
        bytes,
        shownBytes,
      });
    },
  };
}

/**
 * What is shown of a stream of which head and tail were kept, each up to `shownBytes`. They may overlap, or meet.
 */
export function shownOutput({
  head,
  tail,
  bytes,
  shownBytes,
}: {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly bytes: number;
  readonly shownBytes: number;
}): { readonly text: string; readonly complete: boolean } {
  if (bytes <= shownBytes && head.length === bytes) {
    const text = head.toString();
    // Bytes that are no UTF-8 take three times their room when they are shown.
    if (Buffer.byteLength(text) <= shownBytes) return { text, complete: true };
  }
  return { text: headAndTail(head, tail, { bytes, shownBytes }), complete: false };
}

/** Shows at most `maxBytes` of a text: all of it, or head and tail as an {@link OutputCapture} shows them. */
export function headTail(text: string, maxBytes: number): string {
  const capture = captureOutput(maxBytes);
  capture.push(Buffer.from(text));
  return capture.shown().text;
}

function headAndTail(
  head: Buffer,
  tail: Buffer,
  { bytes, shownBytes }: { readonly bytes: number; readonly shownBytes: number },
): string {
  const room = shownBytes - Buffer.byteLength(marker(bytes));
  if (room < 0) return "";
  const first = startOf(head, Math.ceil(room / 2));
  const last = endOf(tail, Math.floor(room / 2));
  return `${first.toString()}${marker(bytes - first.length - last.length)}${last.toString()}`;
}

const marker = (bytes: number): string => `\n[… ${bytes} bytes left out …]\n`;

/** The first bytes that take no more than `room` when they are shown. */
function startOf(bytes: Buffer, room: number): Buffer {
  let end = Math.min(room, bytes.length);
  while (end > 0 && isContinuation(bytes[end])) end -= 1;
  const start = bytes.subarray(0, end);
  return isUtf8(start) ? start : bytes.subarray(0, Math.floor(room / 3));
}

function endOf(bytes: Buffer, room: number): Buffer {
  let start = Math.max(0, bytes.length - room);
  while (start < bytes.length && isContinuation(bytes[start])) start += 1;
  const end = bytes.subarray(start);
  return isUtf8(end) ? end : bytes.subarray(bytes.length - Math.floor(room / 3));
}

const isContinuation = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
