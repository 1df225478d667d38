import { isAscii } from "node:buffer";

/** Longer lines are cut. */
export const lineLimit = 256 * 1024;
const sliceBytes = 512 * 1024;

export interface LinesOptions {
  /** Is called for each line that was cut. */
  readonly onCut?: () => void;
}

/**
 * Splits bytes into lines, many at a time, because a step of an async generator for each line would cost more than all
 * the rest. Memory is bounded: what a line has over the limit is dropped as it comes.
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  { onCut = () => {} }: LinesOptions = {},
): AsyncGenerator<readonly string[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let first = true;
  const keep = (bytes: Buffer): void => {
    if (restBytes <= lineLimit && bytes.length > 0) rest.push(bytes.subarray(0, lineLimit + 1));
    restBytes += bytes.length;
  };
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += sliceBytes) {
      const slice = chunk.subarray(start, start + sliceBytes);
      const newline = slice.lastIndexOf(0x0a);
      if (newline === -1) {
        keep(slice);
        continue;
      }
      if (restBytes > lineLimit) {
        const end = slice.indexOf(0x0a);
        onCut();
        yield [decode(Buffer.concat(rest).subarray(0, lineLimit))];
        if (end < newline)
          yield cutLong(decode(slice.subarray(end + 1, newline)).split("\n"), onCut);
      } else {
        const text = decode(Buffer.concat([...rest, slice.subarray(0, newline)]));
        yield cutLong((first ? withoutMark(text) : text).split("\n"), onCut);
      }
      first = false;
      rest = [];
      restBytes = 0;
      keep(slice.subarray(newline + 1));
    }
  }
  if (restBytes > lineLimit) onCut();
  if (restBytes > 0) yield [withoutMark(decode(Buffer.concat(rest).subarray(0, lineLimit)))];
}

/** ASCII takes the short way: one byte a character, and no check of each. */
function decode(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}

function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

function cutLong(lines: string[], onCut: () => void): string[] {
  for (const [index, line] of lines.entries()) {
    if (line.length <= lineLimit) continue;
    onCut();
    lines[index] = line.slice(0, lineLimit);
  }
  return lines;
}
