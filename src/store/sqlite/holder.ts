import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/**
 * Notes who has the data folder open. It only serves the message of `STORE_LOCKED`: the lock itself is SQLite's, so
 * a note that a killed process left behind locks nobody out.
 */
export function noteHolder(folder: string): void {
  writeFileSync(noteIn(folder), `process ${process.pid} on ${hostname()}\n`);
}

export function forgetHolder(folder: string): void {
  rmSync(noteIn(folder), { force: true });
}

/** Who has the folder open, as far as is known. */
export function readHolder(folder: string): string | undefined {
  try {
    return /^process \d+ on \S+$/m.exec(readFileSync(noteIn(folder), "utf8"))?.[0];
  } catch {
    // The folder is just as locked without a note that can be read.
    return undefined;
  }
}

function noteIn(folder: string): string {
  return join(folder, "store.holder");
}
