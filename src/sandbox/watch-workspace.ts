import { statfs } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

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
  const stopping = new AbortController();
  const { signal } = stopping;
  const tell = (limit: keyof QuotaLimits): void => {
    if (signal.aborted) return;
    stopping.abort();
    options.onLimit(limit);
  };
  const watches = [watchTree(options, { signal, tell })];
  if (options.quota === "filesystem") watches.push(watchFullness(options, { signal, tell }));
  const ended = Promise.all(
    watches.map((watch) =>
      watch.catch((error: unknown) => {
        if (!signal.aborted) options.log.error({ error }, "Workspace can no longer be watched");
      }),
    ),
  );
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended;
    },
  };
}

interface Watch {
  readonly signal: AbortSignal;
  readonly tell: (limit: keyof QuotaLimits) => void;
}

const fullnessMs = 50;

async function watchFullness({ hostPath }: WatchOptions, { signal, tell }: Watch): Promise<void> {
  // A full workspace has to be cleared by a command: it is told of when it becomes full.
  let hadRoom = false;
  for (; !signal.aborted; await delay(fullnessMs, undefined, { signal })) {
    const { bavail, ffree } = await statfs(hostPath);
    const isFull = bavail === 0 || ffree === 0;
    if (isFull && hadRoom) return tell("workspaceBytes");
    hadRoom ||= !isFull;
  }
}

const firstWalkMs: Readonly<Record<WatchOptions["quota"], number>> = {
  filesystem: 300,
  watched: 0,
};
const shortestPauseMs = 100;
/** A walk may take this part of the time. */
const duty = 0.05;

async function watchTree(options: WatchOptions, { signal, tell }: Watch): Promise<void> {
  const { quota, workspaceBytes, fileBytes } = options;
  // The clock that files are stamped by may be some milliseconds behind.
  const startedNs = BigInt(Date.now() - 10) * 1_000_000n;
  let atStart: number | undefined;
  for (let pauseMs = firstWalkMs[quota]; ;) {
    await delay(pauseMs, undefined, { signal });
    const walkedAt = performance.now();
    const tree = await look(options, { startedNs, signal });
    if (tree.largest >= fileBytes) return tell("fileBytes");
    if (quota === "watched" && tree.bytes > Math.max(workspaceBytes, atStart ?? 0)) {
      if (atStart !== undefined) return tell("workspaceBytes");
    }
    atStart ??= tree.bytes;
    pauseMs = Math.max(shortestPauseMs, (performance.now() - walkedAt) / duty);
  }
}

interface Seen {
  readonly bytes: number;
  /** The largest file that was written since. */
  readonly largest: number;
}

async function look(
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
