import { rm } from "node:fs/promises";
import { join } from "node:path";

import { OpsthreadError } from "../../core/errors.ts";
import {
  isRunning,
  killProcess,
  lookUpProcess,
  type ProcessId,
  processesNaming,
} from "../processes.ts";
import { killMembers, membersOf, removeCgroups } from "./cgroups.ts";
import { type CellRecord, removeRecord } from "./records.ts";

export const socketName = "socket";

/** Whether anything of a cell runs. */
export async function isCellRunning(folder: string, record: CellRecord): Promise<boolean> {
  return (await livingOf(folder, record)).length > 0;
}

/**
 * Kills everything in a cell and takes away what is left of it on the host: resolves when nothing is. The first process
 * of its process namespace takes all others with it, wherever they hide.
 */
export async function removeCell(folder: string, record: CellRecord): Promise<void> {
  const folders = record.cgroups?.folders ?? [];
  const until = performance.now() + patienceMs;
  for (;;) {
    const living = await livingOf(folder, record);
    if (living.length === 0) break;
    await killMembers(folders);
    for (const id of living) await killProcess(id);
    if (performance.now() > until)
      throw new OpsthreadError(
        "SANDBOX_ENGINE",
        `Cannot end the sandbox of session "${record.sessionId}": ${living.length} processes are left after ${patienceMs} ms, expected none`,
      );
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await removeCgroups(folders);
  await rm(join(folder, socketName), { force: true });
  await removeRecord(folder);
}

const patienceMs = 10_000;

async function livingOf(
  folder: string,
  { cgroups, processes }: CellRecord,
): Promise<readonly ProcessId[]> {
  // Its maker may have died before it could say which processes they are: bwrap was given files of this folder.
  const known = processes ?? (await processesNaming(`${folder}/`));
  const members = await Promise.all(
    (await membersOf(cgroups?.folders ?? [])).map((pid) => lookUpProcess(pid)),
  );
  const running = await Promise.all(known.map(async (id) => ((await isRunning(id)) ? [id] : [])));
  return [
    ...running.flat(),
    ...members.filter((found) => found !== undefined).filter(({ isZombie }) => !isZombie),
  ];
}
