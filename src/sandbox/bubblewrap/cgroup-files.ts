import type { Limits } from "../permissions.ts";

/** What keeps a limit, in which version of cgroups. */
export type Controller = "memory" | "pids" | "cpu";
export const controllers: readonly Controller[] = ["memory", "pids", "cpu"];

export interface CgroupFile {
  readonly name: string;
  readonly value: string;
  /** Not every kernel has it. */
  readonly isOptional?: boolean;
}

export type CgroupLimits = Pick<Limits, "memoryBytes" | "pids" | "cpus">;

/**
 * What is to be written for a sandbox's limits, in this order. No swap comes on top of the memory.
 * https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
export function cgroupFiles(
  version: 1 | 2,
  controller: Controller,
  { memoryBytes, pids, cpus }: CgroupLimits,
): readonly CgroupFile[] {
  const file = (name: string, value: number | string): CgroupFile => ({
    name,
    value: String(value),
  });
  const optional = (name: string, value: number | string): CgroupFile => ({
    ...file(name, value),
    isOptional: true,
  });
  switch (controller) {
    case "memory":
      return version === 1
        ? [
            file("memory.limit_in_bytes", memoryBytes),
            optional("memory.memsw.limit_in_bytes", memoryBytes),
            optional("memory.swappiness", 0),
          ]
        : [file("memory.max", memoryBytes), optional("memory.swap.max", 0)];
    case "pids":
      return [file("pids.max", pids + ownPids)];
    case "cpu": {
      const quotaUs = Math.max(1_000, Math.round(cpus * periodUs));
      return version === 1
        ? [file("cpu.cfs_period_us", periodUs), file("cpu.cfs_quota_us", quotaUs)]
        : [file("cpu.max", `${quotaUs} ${periodUs}`)];
    }
  }
}

const periodUs = 100_000;
/** bwrap's two, the supervisor and its shepherds. */
const ownPids = 16;

/** How often a process was killed for memory, from `memory.events` (version 2) or `memory.oom_control` (version 1). */
export function oomKillsIn(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** The hierarchies of `/proc/self/mountinfo`: where each controller is mounted, and in which version. */
export function hierarchiesIn(mountinfo: string): readonly Hierarchy[] {
  return mountinfo.split("\n").flatMap((line): readonly Hierarchy[] => {
    const [mount = "", source = ""] = line.split(" - ");
    const path = mount.split(" ")[4];
    const [type, , options = ""] = source.split(" ");
    if (path === undefined) return [];
    if (type === "cgroup2") return [{ version: 2, path, controllers: [] }];
    if (type !== "cgroup") return [];
    const own = options.split(",");
    return [{ version: 1, path, controllers: controllers.filter((name) => own.includes(name)) }];
  });
}

export interface Hierarchy {
  readonly version: 1 | 2;
  readonly path: string;
  /** Of version 1; version 2 says it in a file. */
  readonly controllers: readonly Controller[];
}

/** This process's place in the hierarchy of version 2, from `/proc/self/cgroup`. */
export function ownPlaceIn(selfCgroup: string): string {
  return /^0::(\/.*)$/m.exec(selfCgroup)?.[1] ?? "/";
}
