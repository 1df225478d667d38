import { readFile } from "node:fs/promises";

import { allProcesses, treeOf } from "../processes.ts";
import type { CellRecord } from "./records.ts";

/**
 * Where there is no cgroup to do it: measures what the processes of a cell have in memory for themselves, and tells when
 * it is too much. Returns how to stop.
 */
export function watchMemory(
  { processes: [first] = [] }: Pick<CellRecord, "processes">,
  { memoryBytes, onOver }: { readonly memoryBytes: number; readonly onOver: () => void },
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = first === undefined;
  const look = async (): Promise<void> => {
    const used = first === undefined ? 0 : await memoryOf(first.pid);
    if (isStopped) return;
    if (used <= memoryBytes) return plan();
    isStopped = true;
    onOver();
  };
  const plan = (): void => {
    timer = setTimeout(() => {
      look().catch(plan); // A process ended while it was looked at.
    }, everyMs);
    timer.unref();
  };
  if (!isStopped) plan();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

const everyMs = 100;
/** What the kernel has as one page on nearly all machines that run Linux; larger ones only make the limit stricter. */
const pageBytes = 4_096;

/** Memory of a process and its descendants that they share with no file: programs and libraries count nothing. */
async function memoryOf(root: number): Promise<number> {
  const tree = treeOf(root, await allProcesses());
  const sizes = await Promise.all(
    tree.map(async ({ pid }) => {
      const text = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "0 0 0");
      const [, resident = 0, shared = 0] = text.split(" ").map(Number);
      return (resident - shared) * pageBytes;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
