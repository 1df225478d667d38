import { mkdir, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";

import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { mountsSeenBy } from "../mounts.ts";
import type { Owner } from "../process-owner.ts";
import { runProgram, tryProgram } from "../run-program.ts";
import type { ContainerCell } from "./cell.ts";
import { configHash, type ContainerPlan } from "./container.ts";
import type { Containers } from "./containers.ts";
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
  /** Takes away the empty folders that dead processes left. */
  sweep(): Promise<void>;
}

export interface WarmCell {
  readonly cell: ContainerCell;
  /** Empty host folder which is its workspace: what is mounted over it later, the container sees as well. */
  readonly at: string;
  /** Its own folder on the host. */
  readonly folder: string;
  /** Makes it the session's, when the workspace is mounted. False when the container does not see the mount. */
  claim(sessionId: string): Promise<boolean>;
}

export interface WarmOptions {
  readonly containers: Containers;
  readonly pool: DockerConfig["pool"];
  readonly stateFolder: string;
  readonly owner: Owner;
  readonly log: Logger;
}

/** None, where workspaces can't be mounted into containers that run. */
export const noWarmCells: WarmCells = {
  take: () => undefined,
  refill: () => {},
  sweep: async () => {},
  async [Symbol.asyncDispose]() {},
};

export async function openWarmCells({
  containers,
  pool: limits,
  stateFolder,
  owner,
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

  const start = async (
    remake: (workspace: string) => Promise<ContainerPlan>,
  ): Promise<WarmCell & Warm> => {
    const at = await mkdtemp(join(slots, `${owner.id}.`));
    const plan = { ...(await remake(at)), workspaceFollows: true };
    const discard = async (): Promise<void> => {
      await removeSlot(at);
      await rm(plan.folder, { recursive: true, force: true });
    };
    try {
      const cell = await containers.create({ plan, signal: never });
      return {
        cell,
        at,
        folder: plan.folder,
        async claim(sessionId) {
          await containers.assign(cell, sessionId);
          return seesMount(await containers.pidOf(cell), at);
        },
        async [Symbol.asyncDispose]() {
          await cell.end();
          await discard();
        },
      };
    } catch (error) {
      await discard();
      throw error;
    }
  };

  return {
    take: (plan, remake) => pool.take(configHash(plan), () => start(remake)),
    refill: () => pool.refill(),
    async sweep() {
      for (const name of await readdir(slots))
        if (!(await owner.isAlive(name.split(".")[0] ?? ""))) await removeSlot(join(slots, name));
    },
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await tryProgram("umount", ["--", slots]);
    },
  };
}

const never = new AbortController().signal;

/** One that is not empty, or a mount, is in use. */
export const removeSlot = (at: string): Promise<void> => rmdir(at).catch(() => {});

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
