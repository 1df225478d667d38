import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

import type { Logger } from "../../core/logger.ts";
import type { SandboxSpec } from "../sandbox.ts";
import { cellMounts } from "../supervised/cell-mounts.ts";
import type { HostSide, Reserved, ReserveOptions } from "../supervised/host-side.ts";
import type { ContainerCell } from "./cell.ts";
import type { ContainerPlan } from "./container.ts";
import type { Containers, UsedPlaces } from "./containers.ts";
import type { DockerConfig } from "./options.ts";
import type { WarmCells } from "./warm.ts";

/** Containers as cells of sessions: one that still runs, a warm one, or a new one. */
export interface Cells extends AsyncDisposable {
  reserve(spec: SandboxSpec, options: ReserveOptions): Promise<Reserved>;
  /** Removes folders of containers that there are no more. */
  sweep(used: Pick<UsedPlaces, "folders">): Promise<void>;
}

export interface CellsOptions {
  readonly containers: Containers;
  readonly config: DockerConfig;
  readonly host: Pick<HostSide, "uid" | "gid" | "tasks" | "quota">;
  /** Host path of the supervisor's program; without it the engine runs the commands. */
  readonly supervisor: string | undefined;
  readonly stateFolder: string;
  readonly warm: WarmCells;
  readonly log: Logger;
}

export async function openCells(options: CellsOptions): Promise<Cells> {
  const { containers, config, host, supervisor, stateFolder, warm, log } = options;
  const cellsFolder = resolve(stateFolder, "cells");
  await mkdir(cellsFolder, { recursive: true, mode: 0o711 });

  /** A host folder of a container's own. */
  const makeFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(cellsFolder, "c-"));
    for (const name of ["session", "sources"]) await mkdir(join(folder, name), { mode: 0o755 });
    return folder;
  };

  const planOf = async (
    spec: SandboxSpec,
    folder: string,
    workspace: string,
  ): Promise<ContainerPlan> => ({
    main: supervisor === undefined ? "keeper" : "supervisor",
    image: spec.image ?? config.image,
    runtime: config.runtime,
    limits: spec.limits,
    uid: host.uid,
    gid: host.gid,
    workspace,
    folder,
    mounts: await cellMounts(spec, { folder, supervisor, tasks: host.tasks }),
  });

  const reserve: Cells["reserve"] = async (spec, { workspace, signal }) => {
    const { sessionId } = spec;
    const folder = await makeFolder();
    const plan = await planOf(spec, folder, "");
    const found = await containers.adopt(sessionId, { plan, signal });
    const warmed = found
      ? undefined
      : warm.take(plan, async (at) => planOf(spec, await makeFolder(), at));
    const ready = found ?? warmed;
    if (!ready) {
      // The engine makes the container while the workspace is mounted.
      const making = containers.create({ plan: { ...plan, workspace }, sessionId, signal });
      making.catch(() => {}); // Told to whom starts it.
      return reservedFor(spec, {
        folder,
        plan: async () => plan,
        first: async () => (await making).start(),
        unused: async () => (await making.catch(() => undefined))?.remove(),
      });
    }
    // The engine takes some milliseconds to name it; meanwhile the workspace is mounted.
    const isNamed = warmed?.assign(sessionId).then(
      () => true,
      () => false,
    );
    await rm(folder, { recursive: true, force: true });
    const kept = join(cellsFolder, basename(ready.folder));
    return reservedFor(spec, {
      folder: kept,
      // Only for another one, should this one be lost.
      plan: () => planOf(spec, kept, ready.at),
      at: ready.at,
      async first() {
        if (!warmed || ((await isNamed) === true && (await warmed.seesWorkspace())))
          return ready.cell;
        log.warn({ sessionId }, "A warm sandbox can't be used; another is started");
        await ready.cell.end();
        return undefined;
      },
      unused: () => ready.cell.end(),
    });
  };

  const reservedFor = (
    { sessionId }: SandboxSpec,
    { folder, plan, at, first, unused }: ReservedParts,
  ): Reserved => {
    let isFirst = true;
    return {
      ...(at !== undefined && { at }),
      sessionFolder: join(folder, "session"),
      async start(workspace, { signal }) {
        const isNotYetUsed = isFirst;
        isFirst = false;
        try {
          const cell = isNotYetUsed ? await first() : undefined;
          if (cell?.connection.isOpen === true) return cell;
          const created = await containers.create({
            plan: { ...(await plan()), workspace },
            sessionId,
            signal,
          });
          return await created.start();
        } finally {
          warm.refill();
        }
      },
      async release({ detached }) {
        if (isFirst) await unused();
        if (detached) return;
        await rm(folder, { recursive: true, force: true });
        if (at !== undefined) await warm.removeSlot(at);
      },
    };
  };

  return {
    reserve,
    async sweep({ folders }) {
      for (const name of await readdir(cellsFolder)) {
        const path = join(cellsFolder, name);
        const isYoung = Date.now() - (await stat(path)).mtimeMs < youngMs;
        if (!folders.has(name) && !isYoung) await rm(path, { recursive: true, force: true });
      }
    },
    [Symbol.asyncDispose]: () => warm[Symbol.asyncDispose](),
  };
}

interface ReservedParts {
  /** Host folder of the container's own. */
  readonly folder: string;
  /** What a new container is made of. */
  readonly plan: () => Promise<ContainerPlan>;
  readonly at?: string;
  /** The cell that is there already or nearly so, if it can be used. */
  readonly first: () => Promise<ContainerCell | undefined>;
  /** Called when it was not asked for. */
  readonly unused: () => Promise<void>;
}

/** A folder that was made for a container that is being started. */
const youngMs = 60_000;
