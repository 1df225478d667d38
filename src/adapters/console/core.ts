import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { systemClock } from "../../core/clock.ts";
import type { Clock } from "../../core/clock.ts";
import { parseStored } from "../../core/journal.ts";
import { silentLogger } from "../../core/logger.ts";
import type { Logger } from "../../core/logger.ts";
import type { PendingFaults } from "./faults.ts";
import { openJsonLog } from "./log.ts";
import type { JsonLog } from "./log.ts";
import { ConsoleRecord } from "./records.ts";
import { applyRecord, emptyState } from "./state.ts";
import type { ConsoleState } from "./state.ts";
import type { ConsoleChange } from "./transcript.ts";

export interface ConsoleWorkspaceOptions {
  /** Where everything is kept; made when it is not there. */
  readonly dir: string;
  /** How long until an event that the bot did not take is delivered again; doubles with each time. */
  readonly redeliverAfterMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** What the person's and the bot's side of the workspace both work on. */
export interface WorkspaceCore extends AsyncDisposable {
  readonly id: string;
  readonly dir: string;
  readonly state: ConsoleState;
  readonly faults: PendingFaults;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redeliverAfterMs: number;
  readonly listeners: Set<(change: ConsoleChange) => void>;
  /** Live progress lines by thread and key. */
  readonly progress: Map<string, Map<string, string>>;
  /** Stores a record, then lets it take effect. */
  commit(record: ConsoleRecord): Promise<void>;
  /** Runs one change at a time, so that ids and names can be given out. */
  exclusive<T>(change: () => Promise<T>): Promise<T>;
  announce(change: ConsoleChange): void;
}

export async function openCore(options: ConsoleWorkspaceOptions): Promise<WorkspaceCore> {
  const { redeliverAfterMs = 1000, clock = systemClock, logger = silentLogger } = options;
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  await rm(join(dir, "uploads"), { recursive: true, force: true });
  const { log, lines } = await openJsonLog(join(dir, "workspace.jsonl"));
  try {
    const state = emptyState();
    const id = await restore(state, { dir, log, lines, now: clock.now() });
    return coreOn({ id, dir, state, log, clock, logger, redeliverAfterMs });
  } catch (error) {
    await log[Symbol.asyncDispose]();
    throw error;
  }
}

/** Applies what is in the log, and gives the workspace's id. */
async function restore(
  state: ConsoleState,
  from: {
    readonly dir: string;
    readonly log: JsonLog;
    readonly lines: readonly string[];
    readonly now: number;
  },
): Promise<string> {
  const { dir, log, lines, now } = from;
  for (const [index, line] of lines.entries()) {
    const what = `record ${index + 1} of the console workspace`;
    applyRecord(state, parseStored(ConsoleRecord, line, what), dir);
  }
  if (state.workspaceId !== undefined) return state.workspaceId;
  // Never the same twice: a store that outlived the folder must not take new messages for known ones.
  const id = `w${randomUUID().slice(0, 8)}`;
  const record: ConsoleRecord = { v: 1, at: now, type: "workspace", id };
  await log.append(record);
  applyRecord(state, record, dir);
  return id;
}

function coreOn(
  parts: Pick<WorkspaceCore, "id" | "dir" | "state" | "clock" | "logger" | "redeliverAfterMs"> & {
    readonly log: JsonLog;
  },
): WorkspaceCore {
  const { log, ...core } = parts;
  const listeners = new Set<(change: ConsoleChange) => void>();
  let tail: Promise<unknown> = Promise.resolve();

  const announce = (change: ConsoleChange): void => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        // Who watches must not be able to fail what happens.
        core.logger.error({ error }, "A listener of the console workspace failed");
      }
    }
  };

  return {
    ...core,
    faults: { posts: [], events: [], lostFiles: new Set() },
    listeners,
    progress: new Map(),
    announce,
    async commit(record) {
      await log.append(record);
      const seen = applyRecord(core.state, record, core.dir);
      if (seen) announce({ type: "entry", ...seen });
    },
    exclusive(change) {
      const done = tail.then(change);
      tail = done.catch(() => {
        // The caller of this change has it; the next one stands for itself.
      });
      return done;
    },
    async [Symbol.asyncDispose]() {
      await tail;
      await log[Symbol.asyncDispose]();
    },
  };
}
