import { readdir, readFile } from "node:fs/promises";

import { codeOf } from "./system-error.ts";

/** A process, told apart from a later one with the same id. */
export interface ProcessId {
  readonly pid: number;
  /** When it was started, in the kernel's own count. */
  readonly startedAt: string;
}

export interface ProcessState extends ProcessId {
  readonly parent: number;
  /** It has ended, and its parent has not asked for it yet. */
  readonly isZombie: boolean;
}

/** What the kernel tells of a process; undefined when there is none. */
export async function lookUpProcess(pid: number): Promise<ProcessState | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // It ended, maybe just now.
  }
  // The second field is a name in parentheses that may hold anything. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent = "0"] = fields;
  return {
    pid,
    parent: Number(parent),
    startedAt: fields[19] ?? "",
    isZombie: state === "Z" || state === "X",
  };
}

export async function isRunning({ pid, startedAt }: ProcessId): Promise<boolean> {
  const found = await lookUpProcess(pid);
  return found !== undefined && !found.isZombie && found.startedAt === startedAt;
}

export async function allProcesses(): Promise<readonly ProcessState[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => lookUpProcess(Number(pid))));
  return found.filter((process) => process !== undefined);
}

/** The children of a process, which lives. */
export async function childrenOf(pid: number): Promise<readonly ProcessState[]> {
  return (await allProcesses()).filter(({ parent, isZombie }) => parent === pid && !isZombie);
}

/** A process and all that descends from it. */
export function treeOf<P extends ProcessState>(root: number, all: readonly P[]): readonly P[] {
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree)
    tree.push(...all.filter((process) => process.parent === pid && process.pid !== root));
  return tree;
}

/** Processes whose command line names something. */
export async function processesNaming(text: string): Promise<readonly ProcessId[]> {
  const matches = await Promise.all(
    (await allProcesses()).map(async (process) => {
      const line = await readFile(`/proc/${process.pid}/cmdline`, "utf8").catch(() => "");
      return line.includes(text) && process.pid !== globalThis.process.pid ? [process] : [];
    }),
  );
  return matches.flat();
}

/** SIGKILL, unless it is gone or is another one by now. */
export async function killProcess(id: ProcessId): Promise<void> {
  if (!(await isRunning(id))) return;
  try {
    process.kill(id.pid, "SIGKILL");
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}
