import { mkdir, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";

import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { mountsSeenBy } from "../mounts.ts";
import { runProgram, tryProgram } from "../run-program.ts";
import type { HostSide } from "../supervised/host-side.ts";
import type { ContainerCell } from "./cell.ts";
import { configHash, type ContainerPlan } from "./container.ts";
import type { Containers, UsedPlaces } from "./containers.ts";
import type { DockerConfig } from "./options.ts";
import { createPool, type Warm } from "./pool.ts";

/** Containers that were started before a session needs them. */
export interface WarmCells extends AsyncDisposable {
  /** One of the plan's make, if one is ready. `remake` plans another, which `refill()` starts. */
  take(
    plan: ContainerPlan,
    remake: (workspace: string) => Promise<ContainerPlan>,
  ): WarmCell | undefined;
  /** Starts in the background what has been taken. */
  refill(): void;
  /** Takes away the folder that was a warm one's workspace, when nothing is mounted there any more. */
  removeSlot(at: string): Promise<void>;
  /** Takes away the empty folders that dead processes left, but not the workspaces of containers that may be taken over. */
  sweep(used: Pick<UsedPlaces, "workspaces">): Promise<void>;
}

export interface WarmCell {
  readonly cell: ContainerCell;
  /** Empty host folder which is its workspace: what is mounted over it later, the container sees as well. */
  readonly at: string;
  /** Its own folder on the host. */
  readonly folder: string;
  /** Makes it the session's. */
  assign(sessionId: string): Promise<void>;
  /** Whether the container sees what is mounted as its workspace. */
  seesWorkspace(): Promise<boolean>;
}

export interface WarmOptions {
  readonly containers: Containers;
  readonly host: Pick<HostSide, "process" | "workspaces">;
  readonly pool: DockerConfig["pool"];
  readonly stateFolder: string;
  readonly log: Logger;
}

/** One that is not empty, or a mount, is in use. */
const removeFolder = (at: string): Promise<void> => rmdir(at).catch(() => {});

/** None, where workspaces can't be mounted into containers that run. */
export const noWarmCells: WarmCells = {
  take: () => undefined,
  removeSlot: removeFolder,
  refill: () => {},
  sweep: async () => {},
  async [Symbol.asyncDispose]() {},
};

export async function openWarmCells({
  containers,
  host,
  pool: limits,
  stateFolder,
  log,
}: WarmOptions): Promise<WarmCells> {
  if (limits.size === 0) return noWarmCells;
  const slots = resolve(stateFolder, "slots");
  try {
    await shareMounts(slots);
  } catch (error) {
    log.warn({ error: messageOf(error) }, "There are no warm sandboxes: mounts can't be shared");
    return noWarmCells;
  }
  const pool = createPool<WarmCell & Warm>({ ...limits, log });

  const removeSlot = async (at: string): Promise<void> => {
    await host.workspaces.discard(at);
    await removeFolder(at);
  };

  const start = async (
    remake: (workspace: string) => Promise<ContainerPlan>,
  ): Promise<WarmCell & Warm> => {
    const at = await mkdtemp(join(slots, `${host.process.id}.`));
    const plan = { ...(await remake(at)), workspaceFollows: true };
    let started: ContainerCell | undefined;
    const discard = async (): Promise<void> => {
      await started?.end();
      await removeSlot(at);
      await rm(plan.folder, { recursive: true, force: true });
    };
    try {
      const cell = await (await containers.create({ plan, signal: never })).start();
      started = cell;
      const pid = await containers.pidOf(cell);
      const { workspaceBytes } = plan.limits;
      await host.workspaces.premake({ at, workspaceBytes });
      return {
        cell,
        at,
        folder: plan.folder,
        assign: (sessionId) => containers.assign(cell, sessionId),
        seesWorkspace: () => seesMount(pid, at),
        [Symbol.asyncDispose]: discard,
      };
    } catch (error) {
      await discard();
      throw error;
    }
  };

  return {
    removeSlot,
    take: (plan, remake) => pool.take(configHash(plan), () => start(remake)),
    refill: () => pool.refill(),
    async sweep({ workspaces }) {
      for (const name of await readdir(slots)) {
        const at = join(slots, name);
        if (workspaces.has(at) || (await host.process.isAlive(name.split(".")[0] ?? ""))) continue;
        await removeFolder(at);
      }
    },
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await tryProgram("umount", ["--", slots]);
    },
  };
}

const never = new AbortController().signal;

/** Makes the folder a mount of its own whose mounts are passed on to those who have it bound. */
async function shareMounts(slots: string): Promise<void> {
  await mkdir(slots, { recursive: true, mode: 0o711 });
  if ((await deviceAt("self", slots)) === undefined)
    await runProgram("mount", ["--bind", "--", slots, slots]);
  await runProgram("mount", ["--make-rshared", "--", slots]);
}

/** Whether the container of this process has at its workspace what is mounted at the host's folder. */
async function seesMount(pid: number, at: string): Promise<boolean> {
  const outside = await deviceAt("self", at);
  return outside !== undefined && outside === (await deviceAt(pid, "/workspace"));
}

/** What is mounted at a path, as a process sees it. */
async function deviceAt(pid: number | "self", path: string): Promise<string | undefined> {
  return (await mountsSeenBy(pid)).findLast(({ target }) => target === path)?.device;
}
