import { statfsSync } from "node:fs";

import { isOpsthreadError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { openFolder } from "./beneath.ts";
import { charge, type QuotaLimits } from "./quota.ts";
import { walkTree } from "./walk-tree.ts";

export interface WatchOptions extends QuotaLimits {
  readonly hostPath: string;
  readonly quota: "filesystem" | "watched";
  readonly log: Logger;
  /** Told once, of the limit that was reached. */
  readonly onLimit: (limit: keyof QuotaLimits) => void;
}

/**
 * Watches a workspace while a command runs in it. It tells when a file system has become full, or a folder larger
 * than it may be and than it was, and when a file that the command writes has reached its limit: a program whose
 * writes fail may go on for ever. Dispose when the command has ended; nothing is told after that.
 */
export function watchWorkspace(options: WatchOptions): AsyncDisposable {
  let isOver = false;
  const watch: Watch = {
    tell(limit) {
      if (isOver) return;
      isOver = true;
      options.onLimit(limit);
    },
    failed(error) {
      if (!isOver) options.log.error({ error }, "Workspace can no longer be watched");
    },
  };
  const tree = watchTree(options, watch);
  const fullness = options.quota === "filesystem" ? watchFullness(options, watch) : undefined;
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      fullness?.[Symbol.dispose]();
      await tree[Symbol.asyncDispose]();
    },
  };
}

/** Most commands are over before the first look: a watch costs them next to nothing. */
interface Watch {
  readonly tell: (limit: keyof QuotaLimits) => void;
  readonly failed: (error: unknown) => void;
}

const fullnessMs = 50;

function watchFullness({ hostPath }: WatchOptions, { tell, failed }: Watch): Disposable {
  // A full workspace has to be cleared by a command: it is told of when it becomes full.
  let hadRoom = false;
  const look = (): void => {
    try {
      const isFull = isFullNow(hostPath);
      if (isFull && hadRoom) tell("workspaceBytes");
      hadRoom ||= !isFull;
    } catch (error) {
      clearInterval(timer);
      failed(error);
    }
  };
  const timer = setInterval(look, fullnessMs);
  look();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The kernel has these numbers in memory: asked for in another thread they would cost ten times as much. */
function isFullNow(hostPath: string): boolean {
  const { bavail, ffree } = statfsSync(hostPath);
  return bavail === 0 || ffree === 0;
}

const firstWalkMs: Readonly<Record<WatchOptions["quota"], number>> = {
  filesystem: 300,
  watched: 0,
};
const shortestPauseMs = 100;
/** A walk may take this part of the time. */
const duty = 0.05;

function watchTree(options: WatchOptions, { tell, failed }: Watch): AsyncDisposable {
  const { quota, workspaceBytes, fileBytes } = options;
  // The clock that files are stamped by may be some milliseconds behind.
  const startedNs = BigInt(Date.now() - 10) * 1_000_000n;
  const stopping = new AbortController();
  const { signal } = stopping;
  let atStart: number | undefined;
  let walking = Promise.resolve();

  const walk = async (): Promise<void> => {
    const walkedAt = performance.now();
    const tree = await survey(options, { startedNs, signal });
    if (tree.largest >= fileBytes) return tell("fileBytes");
    if (quota === "watched" && tree.bytes > Math.max(workspaceBytes, atStart ?? 0)) {
      if (atStart !== undefined) return tell("workspaceBytes");
    }
    atStart ??= tree.bytes;
    next(Math.max(shortestPauseMs, (performance.now() - walkedAt) / duty));
  };
  let timer: NodeJS.Timeout | undefined;
  const next = (pauseMs: number): void => {
    timer = setTimeout(() => {
      timer = undefined;
      walking = walk().catch(failed);
    }, pauseMs);
  };
  next(firstWalkMs[quota]);
  return {
    async [Symbol.asyncDispose]() {
      if (timer === undefined) stopping.abort();
      await walking;
      clearTimeout(timer);
    },
  };
}

interface Seen {
  readonly bytes: number;
  /** The largest file that was written since. */
  readonly largest: number;
}

async function survey(
  { hostPath, quota }: WatchOptions,
  { startedNs, signal }: { readonly startedNs: bigint; readonly signal: AbortSignal },
): Promise<Seen> {
  using folder = openFolder(hostPath);
  let bytes = charge(0);
  let largest = 0;
  try {
    for await (const { stats } of walkTree(folder, { signal })) {
      const size = Number(stats.size);
      bytes += charge(stats.isDirectory() ? 0 : size);
      const isWritten = stats.isFile() && stats.mtimeNs >= startedNs;
      if (isWritten) largest = Math.max(largest, size);
    }
  } catch (error) {
    // Nested too deeply to be looked at: it may hold anything.
    if (!isOpsthreadError(error, "SANDBOX_ARCHIVE_REFUSED")) throw error;
    if (quota === "watched") bytes = Infinity;
  }
  return { bytes, largest };
}
