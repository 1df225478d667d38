import { appendFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "../core/clock.ts";

/** Text in a folder with a file per day, or more where one would get too long. */
export interface DayFiles {
  append(text: string): Promise<void>;
}

export function dayFiles({
  folder,
  keepDays,
  maxBytes,
  clock,
}: {
  readonly folder: string;
  readonly keepDays: number;
  /** Of all files together. */
  readonly maxBytes: number;
  readonly clock: Clock;
}): DayFiles {
  const partBytes = Math.ceil(maxBytes / 8);
  let current: { readonly file: DayFile; bytes: number } | undefined;

  /** The file that has room for it. A new one is when old ones go. */
  const fileFor = async (bytes: number): Promise<NonNullable<typeof current>> => {
    const day = dayOf(clock.now());
    const fits = current?.file.day === day && current.bytes + bytes <= partBytes;
    if (current && fits) return current;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const kept = await prune();
    const last = kept.findLast((file) => file.day === day);
    const isFull = last !== undefined && last.bytes + bytes > partBytes;
    const file = { day, part: (last?.part ?? 0) + (isFull ? 1 : 0) };
    current = { file, bytes: isFull ? 0 : (last?.bytes ?? 0) };
    return current;
  };

  const prune = async () => {
    const oldest = dayOf(clock.now() - (keepDays - 1) * dayMs);
    const found = await listDayFiles(folder);
    // The new one may become as long as a part.
    let bytes = partBytes;
    const keeps: (DayFile & { readonly bytes: number })[] = [];
    for (const file of found.toReversed()) {
      bytes += file.bytes;
      const isKept = file.day >= oldest && bytes <= maxBytes;
      if (isKept) keeps.unshift(file);
      else await rm(join(folder, nameOf(file)), { force: true });
    }
    return keeps;
  };

  return {
    async append(text) {
      // A process that was killed may have left half a line: what comes next must not be lost with it.
      const lines = current === undefined ? `\n${text}` : text;
      const bytes = Buffer.byteLength(lines);
      try {
        const into = await fileFor(bytes);
        await appendFile(join(folder, nameOf(into.file)), lines, { mode: 0o600 });
        into.bytes += bytes;
      } catch (error) {
        current = undefined;
        throw error;
      }
    },
  };
}

export interface DayFile {
  /** In UTC: `2031-12-24`. */
  readonly day: string;
  readonly part: number;
}

export const nameOf = ({ day, part }: DayFile): string =>
  part === 0 ? `${day}.jsonl` : `${day}.${part}.jsonl`;

/** Oldest first. Other files are none of ours. */
export async function listDayFiles(
  folder: string,
): Promise<readonly (DayFile & { readonly bytes: number })[]> {
  const files: (DayFile & { readonly bytes: number })[] = [];
  for (const name of await readdir(folder)) {
    const [, day, part = "0"] = /^(\d{4}-\d\d-\d\d)(?:\.(\d{1,6}))?\.jsonl$/.exec(name) ?? [];
    if (day === undefined) continue;
    const { size } = await stat(join(folder, name));
    files.push({ day, part: Number(part), bytes: size });
  }
  return files.toSorted((a, b) => (a.day === b.day ? a.part - b.part : a.day < b.day ? -1 : 1));
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const dayMs = 86_400_000;
