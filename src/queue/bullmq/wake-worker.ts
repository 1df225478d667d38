import { type Job, WaitingError, Worker, type WorkerOptions } from "bullmq";

import { Stopped } from "../../core/abort.ts";
import type { Logger } from "../../core/logger.ts";
import type { Queue } from "../queue.ts";

/** Calls the handler for wakes, in this process. */
export interface WakeWorker {
  /** Runs the handler for a session that no job brought. False where it runs already, or for enough others. */
  take(sessionId: string): boolean;
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

export interface WakeWorkerOptions extends Pick<WorkerOptions, "connection" | "prefix"> {
  readonly concurrency: number;
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
  const { handler, lockMs, wake, onError, log, connection, concurrency, ...given } = options;
  const runs = new Map<Promise<void>, AbortController>();
  /** Sessions that the handler runs for, and whether one that was taken was woken meanwhile. */
  const running = new Map<string, { wokenAgain: boolean }>();
  let isPaused = false;

  const handle = async (
    job: Job,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const sessionId = sessionOf(job);
    if (job.name === "later") return wake(sessionId);
    if (isPaused) return leave(job, token);
    const taken = running.get(sessionId);
    if (taken) return void (taken.wokenAgain = true);
    const controller = new AbortController();
    const loseLock = (): void => controller.abort(new Stopped("lease-lost"));
    signal?.addEventListener("abort", loseLock, { once: true });
    running.set(sessionId, { wokenAgain: false });
    const run = runHandler(sessionId, controller.signal);
    runs.set(run, controller);
    await run;
    runs.delete(run);
    running.delete(sessionId);
    signal?.removeEventListener("abort", loseLock);
    if (isShutdown(controller.signal)) await leave(job, token);
  };

  const take = (sessionId: string): boolean => {
    if (isPaused || runs.size >= concurrency || running.has(sessionId)) return false;
    const state = { wokenAgain: false };
    running.set(sessionId, state);
    const controller = new AbortController();
    const run = runHandler(sessionId, controller.signal).finally(() => {
      runs.delete(run);
      running.delete(sessionId);
      makeRoom(-1);
      // No job of the queue's does it.
      if (state.wokenAgain || isShutdown(controller.signal)) wake(sessionId);
    });
    runs.set(run, controller);
    makeRoom(1);
    return true;
  };

  /** What is taken and what jobs bring are side by side. */
  let takenNow = 0;
  const makeRoom = (change: number): void => {
    takenNow += change;
    worker.concurrency = Math.max(1, concurrency - takenNow);
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
      concurrency,
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
    take,
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
