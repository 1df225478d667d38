import { promisify } from "node:util";
import { gzip } from "node:zlib";

import type { SentFile } from "./api.ts";

/** A file as Discord takes it: as it is, compressed, or in parts, with a word about it. */
export async function fitted(
  file: SentFile,
  perFile: number,
): Promise<{ readonly files: readonly SentFile[]; readonly note?: string }> {
  const { name, data } = file;
  if (data.byteLength <= perFile) return { files: [file] };
  const packed = {
    name: `${name}.gz`,
    contentType: "application/gzip",
    data: await promisify(gzip)(data),
  };
  const isSmaller = packed.data.byteLength < data.byteLength * 0.9;
  if (isSmaller && packed.data.byteLength <= perFile)
    return { files: [packed], note: `${name} is too large for Discord as it is: compressed.` };
  const whole = isSmaller ? packed : file;
  const count = Math.ceil(whole.data.byteLength / perFile);
  if (count > maxParts)
    return {
      files: [],
      note: `${name} is too large for Discord (${mebibytes(data.byteLength)} MiB).`,
    };
  const files = Array.from({ length: count }, (_, index) => ({
    name: `${whole.name}.${String(index + 1).padStart(3, "0")}`,
    contentType: "application/octet-stream",
    data: whole.data.subarray(index * perFile, (index + 1) * perFile),
  }));
  const unpack = isSmaller ? " | gunzip" : "";
  return {
    files,
    note: `${name} is too large for one file: in ${count} parts, cat ${whole.name}.*${unpack} > ${name}`,
  };
}

/** As people read sizes of files. */
export const mebibytes = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1);

const maxParts = 20;
