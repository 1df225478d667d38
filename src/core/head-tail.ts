/**
 * Shows at most `maxBytes` of a text: its head, a line that says how many bytes are left out, and its tail.
 * The marker counts towards the limit. UTF-8 sequences stay whole.
 */
export function headTail(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const room = Math.max(0, maxBytes - 48);
  const head = cutEnd(bytes, Math.ceil(room / 2));
  const tail = cutStart(bytes, Math.floor(room / 2));
  const left = bytes.length - head.length - tail.length;
  return `${head.toString()}\n[… ${left} bytes left out …]\n${tail.toString()}`;
}

function cutEnd(bytes: Buffer, length: number): Buffer {
  let end = length;
  while (end > 0 && isContinuation(bytes[end])) end -= 1;
  return bytes.subarray(0, end);
}

function cutStart(bytes: Buffer, length: number): Buffer {
  let start = bytes.length - length;
  while (start < bytes.length && isContinuation(bytes[start])) start += 1;
  return bytes.subarray(start);
}

const isContinuation = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
