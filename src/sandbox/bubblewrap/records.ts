import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

const Process = z.object({ pid: z.number(), startedAt: z.string() });

/** What another process has to know of a running sandbox to take it over, or to clear it away. */
const CellRecord = z.object({
  sessionId: z.string(),
  /** Hash of what it was made of: one with another is never taken over. */
  config: z.string(),
  /** The process that uses it. */
  owner: z.string(),
  /** How long it goes on when its owner is gone. */
  graceMs: z.number(),
  cgroups: z
    .object({ folders: z.array(z.string()).readonly(), memoryFolder: z.string() })
    .optional(),
  /** What has to end with it. Absent while it is being started. */
  processes: z.array(Process).readonly().optional(),
});
export type CellRecord = z.infer<typeof CellRecord>;

const fileName = "record.json";

export async function writeRecord(folder: string, record: CellRecord): Promise<void> {
  const part = join(folder, `${fileName}.part`);
  await writeFile(part, JSON.stringify(record), { mode: 0o600 });
  await rename(part, join(folder, fileName));
}

/** Undefined when there is none, or none that can be read. */
export async function readRecord(folder: string): Promise<CellRecord | undefined> {
  try {
    return CellRecord.parse(JSON.parse(await readFile(join(folder, fileName), "utf8")));
  } catch {
    return undefined;
  }
}

export async function removeRecord(folder: string): Promise<void> {
  await rm(join(folder, fileName), { force: true });
}

/** Names of the folders in which sandboxes are, or were. */
export async function cellNames(cellsFolder: string): Promise<readonly string[]> {
  const items = await readdir(cellsFolder, { withFileTypes: true });
  return items.flatMap((item) => (item.isDirectory() ? [item.name] : []));
}

/** The session is in the name, so that not all records have to be read. */
export const isOfSession = (name: string, sessionId: string): boolean =>
  name.slice(0, -".0123456789ab".length) === sessionId;
