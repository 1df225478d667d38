import { type Job, WaitingError, Worker, type WorkerOptions } from "bullmq";

import { Stopped } from "../../core/abort.ts";
import type { Logger } from "../../core/logger.ts";
import type { Queue } from "../queue.ts";

/** Calls the handler for wakes, in this process. */
export interface WakeWorker {
  /** Resolves when nothing runs. */
  ended(): Promise<void>;
  /** How many run. */
  running(): number;
  /** Takes no more jobs. */
  pause(): Promise<void>;
  /** Stops what runs with the reason `shutdown`. */
  stopRuns(): void;
  close(): Promise<void>;
}

export type Handler = Parameters<Queue["start"]>[0];

export interface WakeWorkerOptions extends Pick<
  WorkerOptions,
  "connection" | "prefix" | "concurrency"
> {
  readonly handler: Handler;
  readonly lockMs: number;
  /** For wakes that were delayed until now. */
  readonly wake: (sessionId: string) => void;
  readonly onError: (error: unknown) => void;
  readonly log: Logger;
}

/** The queue's name in BullMQ. */
export const wakes = "wakes";

export function startWakeWorker(options: WakeWorkerOptions): WakeWorker {
  const { handler, lockMs, wake, onError, log, connection, ...given } = options;
  const runs = new Map<Promise<void>, AbortController>();
  let isPaused = false;

  const handle = async (
    job: Job,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const sessionId = sessionOf(job);
    if (job.name === "later") return wake(sessionId);
    if (isPaused) return leave(job, token);
    const controller = new AbortController();
    const loseLock = (): void => controller.abort(new Stopped("lease-lost"));
    signal?.addEventListener("abort", loseLock, { once: true });
    const run = runHandler(sessionId, controller.signal);
    runs.set(run, controller);
    await run;
    runs.delete(run);
    signal?.removeEventListener("abort", loseLock);
    if (isShutdown(controller.signal)) await leave(job, token);
  };

  /** Never rejects: a job that failed would not be woken any sooner. */
  async function runHandler(sessionId: string, signal: AbortSignal): Promise<void> {
    try {
      await handler(sessionId, { signal });
    } catch (error) {
      if (error !== signal.reason) log.error({ sessionId, err: error }, "Session failed");
    }
  }

  const worker = new Worker(
    wakes,
    // Without three parameters it would get no signal.
    (job: Job, token: string | undefined, signal: AbortSignal | undefined) =>
      handle(job, token, signal),
    {
      ...given,
      connection,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: lockMs / 3,
      // Who gives up on a session is the engine, which counts in the journal.
      maxStalledCount: 1_000_000,
    },
  );
  worker.on("error", onError);
  // BullMQ tells, but leaves the job running.
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) worker.cancelJob(id, "lock lost");
  });
  worker.run().catch(onError);

  return {
    async ended() {
      while (runs.size > 0) await Promise.all(runs.keys());
    },
    running: () => runs.size,
    async pause() {
      isPaused = true;
      await worker.pause(true);
    },
    stopRuns() {
      for (const controller of runs.values()) controller.abort(new Stopped("shutdown"));
    },
    close: () => worker.close(),
  };
}

/** Gives a job back for another process to take at once. */
async function leave(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

const isShutdown = ({ reason }: AbortSignal): boolean =>
  reason instanceof Stopped && reason.by === "shutdown";

function sessionOf({ data }: Job): string {
  const { sessionId }: { readonly sessionId?: unknown } = Object(data);
  if (typeof sessionId !== "string") throw new TypeError("A wake names no session");
  return sessionId;
}
