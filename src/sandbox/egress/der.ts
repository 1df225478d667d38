/**
 * The little of ASN.1 DER that a certificate is made of. Written out because it is so little: the libraries for it bring
 * a dozen packages and want a polyfill of `Reflect` for the whole process. https://www.itu.int/rec/T-REC-X.690
 */
export const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, ...parts);
export const set = (...parts: readonly Buffer[]): Buffer => element(0x31, ...parts);
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text));
export const octetString = (bytes: Buffer): Buffer => element(0x04, bytes);
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]));
/** [number] EXPLICIT. */
export const explicit = (number: number, content: Buffer): Buffer =>
  element(0xa0 + number, content);
/** [number] IMPLICIT, of a primitive type. */
export const tagged = (number: number, content: Buffer): Buffer => element(0x80 + number, content);

export function bitString(bytes: Buffer, unusedBits = 0): Buffer {
  return element(0x03, Buffer.from([unusedBits]), bytes);
}

/** Of bytes whose first bit is 0, so that it is not negative. */
export function integer(bytes: Buffer): Buffer {
  return element(0x02, bytes);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Buffer.from([40 * first + second, ...rest.flatMap(base128)]));
}

/** UTCTime, which RFC 5280 wants until 2049, else GeneralizedTime. */
export function time(milliseconds: number): Buffer {
  const date = new Date(milliseconds);
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:T]/g, "");
  const isEarly = date.getUTCFullYear() < 2050;
  return element(isEarly ? 0x17 : 0x18, Buffer.from(isEarly ? digits.slice(2) : digits));
}

function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 + bytes.length, ...bytes];
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift((rest % 128) + 128);
  return bytes;
}
