import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder, in memory where the system has such a place: these tests sync a lot and lose no power. */
export async function temporaryFolder(): Promise<string> {
  return await mkdtemp(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "opsthread-"));
}
