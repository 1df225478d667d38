import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

import { type JobsOptions, Queue as Jobs } from "bullmq";

import { Stopped } from "../../core/abort.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { type Logger, silentLogger } from "../../core/logger.ts";
import type { RedisConfig } from "../../redis/config.ts";
import { connectRedis, disconnectRedis } from "../../redis/connect.ts";
import type { Queue } from "../queue.ts";
import type { Sweep } from "../sweep.ts";
import { runSweeps } from "./sweeps.ts";
import { startWakeWorker, type WakeWorker, wakes } from "./wake-worker.ts";

export interface BullmqQueueOptions {
  readonly redis: RedisConfig;
  /** Tells this installation from others in the same Redis. Default `opsthread`. */
  readonly name?: string;
  /** How many sessions this process handles side by side. Default 4. */
  readonly concurrency?: number;
  /** Wakes these sessions when a process starts, and again each time; one process at a time does it for all. */
  readonly sweep?: Sweep;
  /** After so long without a sign of life a process is taken for dead, and its sessions are given to others. Default 6 seconds. */
  readonly lockMs?: number;
  /** For grace and sweeps; delayed wakes go by Redis. */
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * The {@link Queue} of many processes, on BullMQ. A wake is a job that is deduplicated by its session: one is handled at a time,
 * whichever process does it, and a wake that comes meanwhile leads to one more.
 *
 * @example
 * const sweep = { everyMs: 2000, sessions: () => store.dirtySessions() };
 * await using queue = bullmqQueue({ redis: "redis://localhost:6379", sweep });
 *
 * @throws {TypeError} when the sweep's pattern can't be used
 * @throws {RangeError} when the sweep's interval is not a positive number
 */
export function bullmqQueue(options: BullmqQueueOptions): Queue {
  const { redis, name = "opsthread", concurrency = 4, sweep, lockMs = 6000 } = options;
  const { clock = systemClock, log = silentLogger } = options;
  // All keys of a queue are in one slot: https://docs.bullmq.io/bull/patterns/redis-cluster
  const prefix = `{${name}:queue}`;
  const client = connectRedis({ redis, log, timeoutMs: 10_000 });
  // Workers wait for jobs, and must outlast Redis being away.
  const working = connectRedis({ redis, log });
  const jobs = new Jobs(wakes, { connection: client, prefix });
  const closing = new AbortController();
  // Each sleep of the sweeps listens; Node takes more than ten listeners for a leak.
  setMaxListeners(0, closing.signal);
  const adding = new Set<Promise<void>>();
  const sweeps = sweep && runSweeps({ sweep, client, prefix, holder: randomUUID(), clock, log });
  let worker: WakeWorker | undefined;
  let sweeping = Promise.resolve();
  let closed: Promise<void> | undefined;
  jobs.on("error", onError);

  return {
    start(handler) {
      if (worker) throw new TypeError("Cannot start the queue: it is started already");
      if (closing.signal.aborted) return;
      const connection = working;
      const worked = { connection, prefix, concurrency, handler, lockMs, wake, onError, log };
      worker = startWakeWorker(worked);
      if (sweeps) sweeping = sweeps.run(wakeAll, closing.signal);
    },

    wake(sessionId, { delayMs = 0 } = {}) {
      if (!closing.signal.aborted) add(sessionId, delayMs);
    },

    take: (sessionId) => !closing.signal.aborted && (worker?.take(sessionId) ?? false),

    async idle() {
      for (;;) {
        await Promise.all([sweeps?.settled(), worker?.ended(), ...adding]);
        if (closing.signal.aborted) return;
        const { wait = 0, active = 0 } = await jobs.getJobCounts("wait", "active");
        if (wait + active + adding.size + (worker?.running() ?? 0) === 0) return;
        // Other processes have a part in it, which no event of this one tells.
        await delay(pollMs);
      }
    },

    drain,
    [Symbol.asyncDispose]: async () => await drain({ graceMs: 0 }),
  };

  function wake(sessionId: string): void {
    add(sessionId, 0);
  }

  /** In few round trips: where much waits, each sweep finds all of it. */
  async function wakeAll(sessionIds: readonly string[]): Promise<void> {
    for (let at = 0; at < sessionIds.length && !closing.signal.aborted; at += lotSize)
      await jobs.addBulk(sessionIds.slice(at, at + lotSize).map(wakeOf));
  }

  function add(sessionId: string, delayMs: number): void {
    const added = push(sessionId, delayMs).finally(() => adding.delete(added));
    adding.add(added);
  }

  async function push(sessionId: string, delayMs: number): Promise<void> {
    const {
      name: kind,
      data,
      opts,
    } = delayMs > 0 ? laterOf(sessionId, delayMs) : wakeOf(sessionId);
    try {
      await jobs.add(kind, data, opts);
    } catch (error) {
      log.warn({ sessionId, error: messageOf(error) }, "A wake was lost; the sweep finds it");
    }
  }

  async function drain({ graceMs }: { readonly graceMs: number }): Promise<void> {
    closing.abort(new Stopped("shutdown"));
    const paused = worker?.pause().catch(onError);
    const drained = new AbortController();
    const grace = stopRunsAfter(graceMs, drained.signal);
    await worker?.ended();
    drained.abort();
    await grace;
    await Promise.all([paused, sweeping, ...adding]);
    closed ??= close();
    await closed;
  }

  async function stopRunsAfter(graceMs: number, drained: AbortSignal): Promise<void> {
    try {
      if (graceMs > 0) await clock.sleep(graceMs, { signal: drained });
    } catch (error) {
      if (!drained.aborted) throw error;
    }
    worker?.stopRuns();
  }

  async function close(): Promise<void> {
    const said = new AbortController();
    const goodbye = (async () => {
      await worker?.close().catch(onError);
      await jobs.close().catch(onError);
    })();
    // Without a connection there is nobody to say goodbye to.
    const patience = delay(goodbyeMs, undefined, { signal: said.signal }).catch(() => {});
    await Promise.race([goodbye, patience]);
    said.abort();
    for (const opened of [client, working]) disconnectRedis(opened);
  }

  function onError(error: unknown): void {
    if (!closing.signal.aborted) log.warn({ error: messageOf(error) }, "The queue has a failure");
  }
}

/** A job, as BullMQ takes it. */
interface WakeJob {
  readonly name: "wake" | "later";
  readonly data: { readonly sessionId: string };
  readonly opts: JobsOptions;
}

const kept = { removeOnComplete: true, removeOnFail: true } as const;

function wakeOf(sessionId: string): WakeJob {
  const deduplication = { id: sessionId, keepLastIfActive: true };
  return { name: "wake", data: { sessionId }, opts: { ...kept, deduplication } };
}

/** It only wakes when it is due: deduplicated, it would keep others from waking now. */
function laterOf(sessionId: string, delayMs: number): WakeJob {
  return { name: "later", data: { sessionId }, opts: { ...kept, delay: delayMs } };
}

const lotSize = 500;
const pollMs = 20;
const goodbyeMs = 2000;
