/**
 * Replaces texts in a stream of bytes, also across the border of two chunks, by as many asterisks: what was said about
 * the length stays true. Only bytes that may be the beginning of one are held back.
 */
export interface Mask {
  chunk(bytes: Buffer): Buffer;
  /** What was held back, when nothing follows. */
  rest(): Buffer;
  text(text: string): string;
}

const asterisk = 0x2a;

export function createMask(texts: readonly string[]): Mask {
  const needles = [...new Set(texts)]
    .filter((text) => text !== "")
    .map((text) => Buffer.from(text));
  let heldPlain = Buffer.alloc(0);
  let heldMasked = Buffer.alloc(0);
  return {
    chunk(bytes) {
      // What was held back keeps both forms, since two occurrences may overlap.
      const plain = heldPlain.length === 0 ? bytes : Buffer.concat([heldPlain, bytes]);
      let masked = heldMasked.length === 0 ? bytes : Buffer.concat([heldMasked, bytes]);
      if (needles.some((needle) => plain.includes(needle))) {
        if (masked === bytes) masked = Buffer.from(bytes);
        cover(plain, masked, needles);
      }
      const cut = plain.length - unsettled(plain, needles);
      // A copy, so that a few bytes do not keep a whole chunk.
      heldPlain = Buffer.from(plain.subarray(cut));
      heldMasked = Buffer.from(masked.subarray(cut));
      return masked.subarray(0, cut);
    },
    rest() {
      const rest = heldMasked;
      heldPlain = Buffer.alloc(0);
      heldMasked = Buffer.alloc(0);
      return rest;
    },
    text(text) {
      const plain = Buffer.from(text, "latin1");
      const masked = Buffer.from(plain);
      cover(plain, masked, needles);
      return masked.toString("latin1");
    },
  };
}

function cover(plain: Buffer, masked: Buffer, needles: readonly Buffer[]): void {
  for (const needle of needles)
    for (let at = plain.indexOf(needle); at !== -1; at = plain.indexOf(needle, at + 1))
      masked.fill(asterisk, at, at + needle.length);
}

/** Length of the longest end of `bytes` that some needle begins with. */
function unsettled(bytes: Buffer, needles: readonly Buffer[]): number {
  let longest = 0;
  for (const needle of needles) {
    const from = Math.max(0, bytes.length - needle.length + 1);
    const first = needle[0] ?? 0;
    for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
      const length = bytes.length - at;
      if (length <= longest) break;
      if (bytes.compare(needle, 0, length, at) === 0) {
        longest = length;
        break;
      }
    }
  }
  return longest;
}
