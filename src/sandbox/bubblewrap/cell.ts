import { basename } from "node:path";

import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Limits } from "../permissions.ts";
import type { Cell, CellEnd } from "../supervised/cell.ts";
import { connectSupervisor } from "../supervisor/connection.ts";
import { oomKills, type Cgroups } from "./cgroups.ts";
import { removeCell } from "./kill-cell.ts";
import { connectTo, launch } from "./launch.ts";
import { watchMemory } from "./memory-watch.ts";
import { type CellRecord, readRecord, writeRecord } from "./records.ts";

export interface CellOptions {
  /** The cell's own host folder. */
  readonly folder: string;
  readonly limits: Limits;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface StartCellOptions extends CellOptions {
  readonly record: Omit<CellRecord, "cgroups" | "processes">;
  readonly supervisor: string;
  readonly bwrap: string;
  /** bwrap's options. */
  readonly argsFor: (memoryFolder: string | undefined) => readonly string[];
  readonly cgroups: Cgroups | undefined;
}

/** Starts bwrap and greets the supervisor in it. What was begun is undone when it fails. */
export async function startCell(options: StartCellOptions): Promise<Cell> {
  const { folder, limits, supervisor, bwrap, argsFor, signal } = options;
  signal.throwIfAborted();
  await assertOurs(folder, options.record);
  const cgroups = await options.cgroups?.create(basename(folder), limits);
  let record: CellRecord = { ...options.record, ...(cgroups && { cgroups }) };
  try {
    // First, so that whoever comes after this process knows of it.
    await writeRecord(folder, record);
    const launched = await launch({
      folder,
      supervisor,
      bwrap,
      args: argsFor(cgroups?.memoryFolder),
      cgroupFolders: cgroups?.folders ?? [],
    });
    const failing = new AbortController();
    launched.failed.catch((error: unknown) => failing.abort(error));
    const starting = AbortSignal.any([signal, failing.signal]);
    const connected = connect(options, starting);
    const stream = await Promise.race([connected, launched.failed]);
    record = { ...record, processes: [...(await launched.processes())] };
    await writeRecord(folder, record);
    return cellOf(record, stream, options);
  } catch (error) {
    await removeCell(folder, record);
    throw error;
  }
}

/** Whether no other process has taken it over. */
async function isOurs(folder: string, { owner }: Pick<CellRecord, "owner">): Promise<boolean> {
  const now = await readRecord(folder);
  return now === undefined || now.owner === owner;
}

/** @throws {OpsthreadError} `SANDBOX_BUSY` */
async function assertOurs(
  folder: string,
  record: Pick<CellRecord, "owner" | "sessionId">,
): Promise<void> {
  if (await isOurs(folder, record)) return;
  throw new OpsthreadError(
    "SANDBOX_BUSY",
    `Cannot use the sandbox of session "${record.sessionId}": another process has taken it over, expected to have it alone`,
  );
}

/** Takes over a running cell of an earlier process. */
export async function adoptCell(record: CellRecord, options: CellOptions): Promise<Cell> {
  const connection = await connect(options, options.signal, 5_000);
  await writeRecord(options.folder, record);
  return cellOf(record, connection, options);
}

type Connection = Awaited<ReturnType<typeof connectSupervisor>>;

async function connect(
  { folder, limits }: CellOptions,
  signal: AbortSignal,
  welcomeMs = 30_000,
): Promise<Connection> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(welcomeMs)]);
  const { graceMs, idleMs, lifetimeMs } = limits;
  return connectSupervisor(await connectTo(folder, { signal: patience }), {
    signal,
    // Each connection is a stream of its own.
    resumes: false,
    graceMs,
    idleMs,
    lifetimeMs,
    welcomeMs,
  });
}

function cellOf(
  record: CellRecord,
  connection: Connection,
  { folder, limits, log }: CellOptions,
): Cell {
  const { cgroups } = record;
  let isOver = false;
  const stopWatching = cgroups
    ? () => {}
    : watchMemory(record, {
        memoryBytes: limits.memoryBytes,
        onOver() {
          isOver = true;
          connection.close();
          void removeCell(folder, record).catch((error: unknown) =>
            log.error(
              { error: String(error) },
              "A sandbox over its memory limit could not be ended",
            ),
          );
        },
      });
  const gone = connection.closed.then(async (reason): Promise<CellEnd> => {
    stopWatching();
    const isKilled = cgroups && !connection.saidBye && (await oomKills(cgroups.memoryFolder)) > 0;
    const outOfMemory = isOver || isKilled === true;
    return { reason: outOfMemory ? "it met its memory limit" : reason, outOfMemory };
  });
  let ending: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    connection.close();
    // What the kernel counted has to be read before its group is removed.
    await gone;
    if (await isOurs(folder, record)) await removeCell(folder, record);
  };
  return {
    connection,
    ...(!cgroups && { isUnbounded: true }),
    gone,
    end() {
      ending ??= end();
      return ending;
    },
    detach: () => connection.close(),
  };
}
