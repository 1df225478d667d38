import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { codeOf } from "./system-error.ts";

/** The id of the installation that keeps its state in a folder: made once, then the same for every process. */
export async function instanceOf(folder: string): Promise<string> {
  const file = join(folder, "instance");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mine = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(mine, randomBytes(6).toString("hex"), { mode: 0o600 });
  try {
    await link(mine, file);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(mine, { force: true });
  }
  return (await readFile(file, "utf8")).trim();
}
