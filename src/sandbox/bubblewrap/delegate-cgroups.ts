import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Controller } from "./cgroup-files.ts";

/**
 * Makes a group below `base` whose own groups can have limits, in version 2 of cgroups. There a group holds processes or groups
 * with limits, never both, so that this process steps aside into a group of its own if it stands in the way.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
 */
export async function delegateTo(
  base: string,
  name: string,
  controller: Controller,
): Promise<string> {
  const folder = join(base, name);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  try {
    await enable(base, controller);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EBUSY")) throw error;
    const aside = join(base, "opsthread-host");
    await mkdir(aside, { recursive: true, mode: 0o755 });
    await writeFile(join(aside, "cgroup.procs"), String(process.pid));
    await enable(base, controller);
  }
  await enable(folder, controller);
  return folder;
}

async function enable(folder: string, controller: Controller): Promise<void> {
  const path = join(folder, "cgroup.subtree_control");
  if (!(await readFile(path, "utf8")).split(/\s/).includes(controller))
    await writeFile(path, `+${controller}`);
}
