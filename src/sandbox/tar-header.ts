/** An entry of a tar stream, before its bytes. */
export interface TarHeader {
  /** UTF-8, of any length; a folder's without a slash at its end. */
  readonly path: string;
  readonly type: "file" | "link" | "symlink" | "folder";
  /** Only the permission bits are kept. */
  readonly mode: number;
  readonly mtimeNs: bigint;
  /** Of a file; 0 for all others. */
  readonly size: number;
  /** Where a link leads: for `link`, the path of an earlier entry. */
  readonly target?: string;
}

const block = 512;
const typeFlags = { file: "0", link: "1", symlink: "2", folder: "5" } as const;

/**
 * A header as POSIX.1-2001 has it: a pax header with what doesn't fit the old one (long and non-ASCII names, large
 * sizes, nanoseconds), then the old one. tar-stream's `pack()` writes the same, but takes headers faster than they are
 * read, without a bound.
 */
export function tarHeader(header: TarHeader): Buffer {
  const records = paxRecords(header);
  const pax = padded(records);
  const name = header.type === "folder" ? `${header.path}/` : header.path;
  return Buffer.concat([
    ustar({ ...header, name: "PaxHeader", flag: "x", target: "", size: records.length }),
    pax,
    ustar({ ...header, name, flag: typeFlags[header.type], target: header.target ?? "" }),
  ]);
}

/** The zeros after a file's bytes, up to a whole block. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((block - (size % block)) % block);

/** What ends a tar stream. */
export const tarEnd = Buffer.alloc(2 * block);

function paxRecords({ path, type, target = "", size, mtimeNs }: TarHeader): Buffer {
  const records: [string, string][] = [["mtime", secondsOf(mtimeNs)]];
  const name = type === "folder" ? `${path}/` : path;
  if (!fitsField(name)) records.push(["path", name]);
  if (!fitsField(target)) records.push(["linkpath", target]);
  if (size > maxOctalSize) records.push(["size", String(size)]);
  return Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
}

const maxOctalSize = 0o77777777777;

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return Buffer.from(`${length}${rest}`);
}

function secondsOf(ns: bigint): string {
  const seconds = ns / 1_000_000_000n;
  const rest = ns % 1_000_000_000n;
  return rest < 0n ? String(seconds) : `${seconds}.${String(rest).padStart(9, "0")}`;
}

const nameBytes = 100;

const fitsField = (text: string): boolean =>
  /^[\x20-\x7e]*$/.test(text) && text.length <= nameBytes;

function ustar(header: {
  readonly name: string;
  readonly flag: string;
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly size: number;
  readonly target: string;
}): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number): void => {
    bytes.write(value.toString(8).padStart(length - 1, "0"), at, "latin1");
  };
  const seconds = Number(header.mtimeNs / 1_000_000_000n);
  bytes.write(header.name, 0, nameBytes, "utf8");
  octal(header.mode & 0o777, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(Math.min(header.size, maxOctalSize), 124, 12);
  octal(Math.max(0, Math.min(seconds, maxOctalSize)), 136, 12);
  bytes.write(" ".repeat(8), 148, "latin1"); // The sum is over spaces in its own place.
  bytes.write(header.flag, 156, "latin1");
  bytes.write(header.target, 157, nameBytes, "utf8");
  bytes.write("ustar\u000000", 257, "latin1");
  let sum = 0;
  for (const byte of bytes) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, tarPadding(bytes.length)]);
