import { createHash } from "node:crypto";

import type { Folder } from "./beneath.ts";
import { walkTree } from "./walk-tree.ts";

/**
 * A hash over what the file system says about everything in a folder: it is another one when anything was changed,
 * also when the times of a file were set back, because ctime can't be. What files hold is not read.
 */
export async function fingerprintOf(
  folder: Folder,
  { signal }: { readonly signal: AbortSignal },
): Promise<string> {
  const lines: string[] = [];
  for await (const { path, stats } of walkTree(folder, { signal })) {
    // The mode says also what it is.
    const facts = [stats.mode, stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino];
    lines.push(hash(`${path}\0${facts.join(" ")}`));
  }
  // The order in a folder may change when it is copied or repaired.
  return hash(lines.toSorted().join(""));
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);
