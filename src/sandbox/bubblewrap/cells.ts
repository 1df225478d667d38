import { createHash, randomBytes } from "node:crypto";
import { mkdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { SandboxSpec } from "../sandbox.ts";
import { adoptFirst } from "../supervised/adopt-first.ts";
import { cellMounts } from "../supervised/cell-mounts.ts";
import type { Cell } from "../supervised/cell.ts";
import type { HostSide, OpenOptions } from "../supervised/host-side.ts";
import { adoptCell, startCell } from "./cell.ts";
import type { Cgroups } from "./cgroups.ts";
import { bubblewrapArgs, type CellPlan, maxArgs } from "./command-line.ts";
import { isCellRunning, removeCell } from "./kill-cell.ts";
import { cellNames, isOfSession, readRecord } from "./records.ts";
import type { SandboxUser } from "./user.ts";

/** The cells of one installation on this host. */
export interface Cells {
  /** The session's running cell of this make, or the place for one. Cells of the session of another make are removed. */
  readonly reserve: OpenOptions["reserve"];
  /** Removes all of a session's cells that this process does not use. */
  removeOf(sessionId: string): Promise<void>;
  /** Removes what no living process uses, and nobody takes over any more. */
  sweep(): Promise<void>;
}

export interface CellsOptions {
  /** Host folder for these alone. */
  readonly folder: string;
  readonly user: SandboxUser;
  readonly system: readonly string[];
  readonly supervisor: string;
  readonly bwrap: string;
  readonly cgroups: Cgroups | undefined;
  readonly host: Pick<HostSide, "tasks" | "quota" | "process">;
  readonly log: Logger;
}

export async function openCells(options: CellsOptions): Promise<Cells> {
  const { user, system, supervisor, bwrap, cgroups, host, log } = options;
  const cellsFolder = resolve(options.folder);
  await mkdir(cellsFolder, { recursive: true, mode: 0o700 });
  const used = new Set<string>();
  /** When a sandbox was first seen without a living owner. */
  const orphanedAt = new Map<string, number>();

  const unusedOf = async (sessionId: string): Promise<readonly string[]> =>
    (await cellNames(cellsFolder)).filter(
      (name) => !used.has(name) && isOfSession(name, sessionId),
    );

  const remove = async (name: string): Promise<void> => {
    const folder = join(cellsFolder, name);
    const record = await readRecord(folder);
    if (record) await removeCell(folder, record);
    await rm(folder, { recursive: true, force: true });
  };

  /** What a sandbox is made of. The folder of the cell makes no difference, nor which files match a source's globs now. */
  const configOf = ({ sources, limits }: SandboxSpec): string => {
    const { memoryBytes, pids, cpus, tmpBytes } = limits;
    const kept = { memoryBytes, pids, cpus, tmpBytes, cgroups: cgroups !== undefined };
    const args = bubblewrapArgs({
      user,
      system,
      tmpBytes,
      workspace: "",
      mounts: host.tasks.mounts,
    });
    const all = JSON.stringify([args, sources, kept, host.quota]);
    return createHash("sha256").update(all).digest("hex").slice(0, 32);
  };

  const planOf = async (
    spec: SandboxSpec,
    folder: string,
    workspace: string,
  ): Promise<CellPlan> => ({
    user,
    system,
    workspace,
    tmpBytes: spec.limits.tmpBytes,
    mounts: await cellMounts(spec, { folder, supervisor, tasks: host.tasks }),
  });

  const adopt = async (
    spec: SandboxSpec,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<{ readonly name: string; readonly cell: Cell } | undefined> => {
    const { sessionId, limits } = spec;
    const config = configOf(spec);
    const left = await Promise.all(
      (await unusedOf(sessionId)).map(async (name) => {
        const folder = join(cellsFolder, name);
        return { name, folder, record: await readRecord(folder) };
      }),
    );
    return adoptFirst(left, {
      sessionId,
      fits: async ({ folder, record }) =>
        record?.processes !== undefined &&
        record.config === config &&
        (await isCellRunning(folder, record)),
      async take({ name, folder, record }) {
        if (!record) throw new TypeError("What has no record can't be taken over");
        const taken = { ...record, owner: host.process.id, graceMs: limits.graceMs };
        return { name, cell: await adoptCell(taken, { folder, limits, log, signal }) };
      },
      remove: ({ name }) => remove(name),
      log,
      signal,
    });
  };

  const reserve: Cells["reserve"] = async (spec, { signal }) => {
    const { sessionId, limits } = spec;
    const found = await adopt(spec, { signal });
    const name = found?.name ?? `${sessionId}.${randomBytes(6).toString("hex")}`;
    const folder = join(cellsFolder, name);
    used.add(name);
    await mkdir(join(folder, "session"), { recursive: true, mode: 0o755 });
    let waiting = found?.cell;
    return {
      sessionFolder: join(folder, "session"),
      async start(workspace, { signal: starting }) {
        const cell = waiting;
        waiting = undefined;
        if (cell?.connection.isOpen === true) return cell;
        await cell?.end();
        const plan = await planOf(spec, folder, workspace);
        return startCell({
          folder,
          record: {
            sessionId,
            config: configOf(spec),
            owner: host.process.id,
            graceMs: limits.graceMs,
          },
          supervisor,
          bwrap,
          argsFor: (memoryFolder) =>
            assertFits(
              bubblewrapArgs({ ...plan, ...(memoryFolder !== undefined && { memoryFolder }) }),
            ),
          cgroups,
          limits,
          log,
          signal: starting,
        });
      },
      async release({ detached }) {
        const record = await readRecord(folder);
        const isOurs = record === undefined || record.owner === host.process.id;
        if (!detached && isOurs) await remove(name);
        used.delete(name);
      },
    };
  };

  const isLeftOver = async (name: string): Promise<boolean> => {
    const folder = join(cellsFolder, name);
    const record = await readRecord(folder);
    const isYoung = Date.now() - (await stat(folder)).mtimeMs < youngMs;
    if (!record) return !isYoung;
    // Its owner starts another one in its place. One of our own that is not in use was let go of.
    if (record.owner !== host.process.id && (await host.process.isAlive(record.owner)))
      return false;
    if (!(await isCellRunning(folder, record))) return record.processes !== undefined || !isYoung;
    const since = orphanedAt.get(name) ?? Date.now();
    orphanedAt.set(name, since);
    // By now its supervisor should have ended by itself.
    return Date.now() - since > record.graceMs + youngMs;
  };

  return {
    reserve,
    async removeOf(sessionId) {
      await Promise.all((await unusedOf(sessionId)).map(remove));
    },
    async sweep() {
      for (const name of await cellNames(cellsFolder)) {
        if (used.has(name)) continue;
        try {
          if (!(await isLeftOver(name)) || used.has(name)) continue;
          await remove(name);
          orphanedAt.delete(name);
          log.info({ sandbox: name }, "Removed a left-over sandbox");
        } catch (error) {
          // Another process may be at it, too.
          log.warn({ sandbox: name, error: messageOf(error) }, "A left-over sandbox stays");
        }
      }
      await cgroups?.sweep({ names: () => cellNames(cellsFolder) });
    },
  };
}

/** A folder that was made for a sandbox that is being started. */
const youngMs = 60_000;

function assertFits(args: readonly string[]): readonly string[] {
  if (args.length <= maxArgs) return args;
  throw new OpsthreadError(
    "SANDBOX_UNSUPPORTED",
    `Cannot mount the sources: too many files match; name folders without globs, or narrow them`,
  );
}
