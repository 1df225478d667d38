import { extname } from "node:path";

import { stableKey } from "../../core/ids.ts";

/**
 * A file name for `name` that stays in its folder on every system and is not among `taken`.
 * The name comes from outside: it may hold paths, control characters or a device's name.
 */
export function safeFileName(name: string, taken: ReadonlySet<string>): string {
  const base = name.slice(-1000).split(/[/\\]/).at(-1) ?? "";
  const clean = trimEnd(
    base
      .normalize("NFC")
      .replaceAll(unsafe, "_")
      .replace(/^[.\s-]+/, ""),
  );
  const extension = extname(clean).length <= 16 ? extname(clean) : "";
  const stem =
    trimEnd(cut(clean.slice(0, clean.length - extension.length), maxStemBytes)) || "file";
  const root = device.test(stem) ? `_${stem}` : stem;
  let result = root + extension;
  for (let count = 2; taken.has(foldName(result)); count += 1) {
    result = `${root}-${count}${extension}`;
  }
  return result;
}

/** Equal for names that some file system takes for one. */
export function foldName(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase();
}

/** The folder of a thread. Ids that this workspace gave are folders as they are, all others become a hash. */
export function threadFolder(thread: string): string {
  return /^t[1-9]\d{0,9}$/.test(thread) ? thread : `x-${stableKey(thread)}`;
}

/** Windows drops dots and spaces at the end of a name. */
function trimEnd(text: string): string {
  return text.replace(/[.\s]+$/, "");
}

function cut(text: string, maxBytes: number): string {
  let result = text.slice(0, maxBytes);
  while (Buffer.byteLength(result) > maxBytes || /[\ud800-\udbff]$/.test(result)) {
    result = result.slice(0, -1);
  }
  return result;
}

const maxStemBytes = 150;
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>:"|?*]/gu;
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
