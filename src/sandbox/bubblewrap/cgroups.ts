import { access, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import {
  cgroupFiles,
  type CgroupLimits,
  type Controller,
  controllers,
  type Hierarchy,
  hierarchiesIn,
  oomKillsIn,
  ownPlaceIn,
} from "./cgroup-files.ts";
import { delegateTo } from "./delegate-cgroups.ts";

/** Makes groups of processes that the kernel keeps to limits. */
export interface Cgroups {
  /** One folder for each hierarchy. */
  create(name: string, limits: CgroupLimits): Promise<CellCgroups>;
  /** Removes groups without processes, except those of these names, which are asked for after looking. */
  sweep(options: { readonly names: () => Promise<readonly string[]> }): Promise<void>;
  /** Removes the folders that groups are in, unless they hold some, be it those of another process. */
  close(): Promise<void>;
}

export interface CellCgroups {
  /** A process that joins all of these is in the group. */
  readonly folders: readonly string[];
  /** The one that counts processes which met the memory limit. */
  readonly memoryFolder: string;
}

export type FoundCgroups =
  | { readonly ok: true; readonly version: 1 | 2; readonly cgroups: Cgroups }
  | { readonly ok: false; readonly reason: string };

/** Finds out whether this process may make groups, by making one. */
export async function findCgroups({
  instance,
}: {
  readonly instance: string;
}): Promise<FoundCgroups> {
  const mountinfo = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  const parents: Parent[] = [];
  try {
    for (const controller of controllers) {
      const parent = await parentFor(controller, hierarchiesIn(mountinfo), instance);
      if (!parent) return { ok: false, reason: `there is no cgroup controller for ${controller}` };
      parents.push(parent);
    }
    const cgroups = cgroupsBelow(parents);
    const trial = await cgroups.create(`${trialPrefix}${process.pid}`, trialLimits);
    await removeCgroups(trial.folders);
    return { ok: true, version: parents[0]?.version ?? 2, cgroups };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    return { ok: false, reason: `this process may make no cgroups${code}` };
  }
}

const trialPrefix = "trial-";
const trialLimits: CgroupLimits = { memoryBytes: 64 * 1024 * 1024, pids: 16, cpus: 1 };

interface Parent {
  readonly version: 1 | 2;
  readonly controller: Controller;
  readonly folder: string;
  /** Makes the folder, whose groups can then have limits. */
  make(): Promise<unknown>;
}

async function parentFor(
  controller: Controller,
  hierarchies: readonly Hierarchy[],
  instance: string,
): Promise<Parent | undefined> {
  const name = `opsthread-${instance}`;
  const old = hierarchies.find((one) => one.controllers.includes(controller));
  if (old) {
    const folder = join(old.path, name);
    return { version: 1, controller, folder, make: () => mkdir(folder, { recursive: true }) };
  }
  const unified = hierarchies.find(({ version }) => version === 2);
  if (!unified) return undefined;
  const place = process.getuid?.() === 0 ? "/" : ownPlaceIn(await read("/proc/self/cgroup"));
  const base = join(unified.path, place);
  if (!(await read(join(base, "cgroup.controllers"))).split(/\s/).includes(controller))
    return undefined;
  const make = (): Promise<unknown> => delegateTo(base, name, controller);
  return { version: 2, controller, folder: join(base, name), make };
}

function cgroupsBelow(parents: readonly Parent[]): Cgroups {
  const folders = [...new Set(parents.map(({ folder }) => folder))];
  const memory = parents.find(({ controller }) => controller === "memory");
  return {
    async create(name, limits) {
      const made = folders.map((folder) => join(folder, name));
      try {
        // Another process of the installation may have removed them.
        for (const parent of parents) await parent.make();
        for (const folder of made) await mkdir(folder, { mode: 0o755 });
        for (const { version, controller, folder } of parents)
          for (const { name: file, value, isOptional } of cgroupFiles(
            version,
            controller,
            limits,
          )) {
            const path = join(folder, name, file);
            if (isOptional === true && !(await isThere(path))) continue;
            await writeFile(path, value);
          }
      } catch (error) {
        await removeCgroups(made);
        throw error;
      }
      return { folders: made, memoryFolder: join(memory?.folder ?? "", name) };
    },
    async sweep({ names }) {
      const found = await Promise.all(
        folders.map(async (folder) => {
          const items = await readdir(folder, { withFileTypes: true }).catch(() => []);
          return items.flatMap((item) => (item.isDirectory() ? [join(folder, item.name)] : []));
        }),
      );
      const keep = new Set(await names());
      for (const path of found.flat())
        if (!keep.has(basename(path)) && !basename(path).startsWith(trialPrefix))
          await rmdir(path).catch(() => {}); // One with processes refuses to go.
    },
    async close() {
      for (const folder of folders) await rmdir(folder).catch(() => {}); // One with groups refuses to go.
    },
  };
}

/** The processes in any of the folders, by their ids on the host. */
export async function membersOf(folders: readonly string[]): Promise<readonly number[]> {
  const lists = await Promise.all(folders.map((folder) => read(join(folder, "cgroup.procs"))));
  const pids = lists.flatMap((list) => list.split("\n").filter((line) => line !== ""));
  return [...new Set(pids.map(Number))];
}

/** Lets the kernel kill all members at once, where it can (Linux 5.14, version 2). */
export async function killMembers(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const path = join(folder, "cgroup.kill");
    if (await isThere(path)) await writeFile(path, "1").catch(() => {}); // It is gone already.
  }
}

/** Removes groups whose processes have ended: the kernel lets go of them a moment later. */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    for (let attempt = 1; ; attempt += 1) {
      try {
        await rmdir(folder);
        break;
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        if (code === "ENOENT") break;
        if (code !== "EBUSY" || attempt === 200) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
}

export async function oomKills(memoryFolder: string): Promise<number> {
  const [events, control] = await Promise.all(
    ["memory.events", "memory.oom_control"].map((name) => read(join(memoryFolder, name))),
  );
  return Math.max(oomKillsIn(events ?? ""), oomKillsIn(control ?? ""));
}

const read = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
