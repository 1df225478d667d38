import { open } from "node:fs/promises";

/**
 * The dynamic loader that an ELF program asks for (its PT_INTERP), or undefined when it needs none.
 * Format: https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
 */
export async function loaderOf(program: string): Promise<string | undefined> {
  const file = await open(program);
  try {
    const read = async (position: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const header = await read(0, headerBytes);
    const is64BitLittleEndian = header.subarray(0, 6).equals(magic);
    if (header.length < headerBytes || !is64BitLittleEndian)
      throw new TypeError(
        `Cannot read "${program}": it is no 64-bit little endian ELF file, expected a Linux program`,
      );
    const entryBytes = header.readUInt16LE(54);
    const entries = await read(
      Number(header.readBigUInt64LE(32)),
      entryBytes * header.readUInt16LE(56),
    );
    for (let at = 0; at + 40 <= entries.length; at += Math.max(entryBytes, 40)) {
      if (entries.readUInt32LE(at) !== interpreterType) continue;
      const position = Number(entries.readBigUInt64LE(at + 8));
      const length = Math.min(Number(entries.readBigUInt64LE(at + 32)), maxPathBytes);
      return (await read(position, length)).toString().replace(/\0.*$/s, "");
    }
    return undefined;
  } finally {
    await file.close();
  }
}

const magic = Buffer.from("\x7fELF\x02\x01", "latin1");
const headerBytes = 64;
const interpreterType = 3;
const maxPathBytes = 4_096;
