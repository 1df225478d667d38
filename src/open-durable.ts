import { z } from "zod";

import { type Clock } from "./core/clock.ts";
import { OpsthreadError } from "./core/errors.ts";
import { type Logger } from "./core/logger.ts";
import { localQueue } from "./queue/local.ts";
import type { Queue } from "./queue/queue.ts";
import { RedisConfig } from "./redis/config.ts";
import { type Control, localControl } from "./sessions/control.ts";
import { localTurnstile, type Turnstile } from "./sessions/turnstile.ts";
import type { Warmth } from "./sessions/warmth.ts";
import type { Store } from "./store/store.ts";

/** What a process does of the work. */
export const Role = z.enum(["all", "gateway", "worker"]);
export type Role = z.infer<typeof Role>;

/** How many turns run side by side; a number is that of one process. Others wait, in the order in which they were asked for. */
export const Concurrency = z.union([
  z.number().int().positive(),
  z.strictObject({
    /** In one process. Default 4. */
    worker: z.number().int().positive().exactOptional(),
    /** In one channel, over all processes. Default: as many as come. */
    channel: z.number().int().positive().exactOptional(),
    /** Asked for by one person, over all processes. Default: as many as come. */
    user: z.number().int().positive().exactOptional(),
  }),
]);
export type Concurrency = z.infer<typeof Concurrency>;

/** Where sessions of many processes are kept. */
export const RedisOptions = z.strictObject({
  /** See {@link RedisConfig}. */
  connection: RedisConfig,
  /** Tells this installation from others in the same Redis. Default `opsthread`. */
  name: z.string().optional(),
  /** Go on where Redis keeps nothing on the disk. Default false. */
  allowVolatile: z.boolean().default(false),
});
export type RedisOptions = z.input<typeof RedisOptions>;

/** What sessions are kept in and woken by. */
export interface Durable extends AsyncDisposable {
  readonly store: Store;
  readonly queue: Queue;
  readonly control: Control;
  readonly turnstile: Turnstile;
  readonly warmth?: Warmth;
  /** How long a lease lives without being renewed. */
  readonly leaseMs: number;
  /** How often what other processes left in the outbox is looked for; undefined where there are none. */
  readonly pollMs?: number;
}

interface DurableOptions {
  readonly dataFolder: string;
  readonly redis?: z.output<typeof RedisOptions> | undefined;
  readonly store?: Store | undefined;
  readonly queue?: Queue | undefined;
  readonly role: Role;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The embedded drivers, or those of many processes. Drivers load when a bot is built, not when the package is imported. */
export async function openDurable(options: DurableOptions): Promise<Durable> {
  const { redis } = options;
  requireStoreFor(options);
  return redis ? await openRedis(redis, options) : await openEmbedded(options);
}

/** @throws {OpsthreadError} `CONFIG_INVALID` where what is configured can't keep what a process of this role needs */
export function requireStoreFor({
  role,
  redis,
  store,
  queue,
}: {
  readonly role: Role;
  readonly redis?: object | undefined;
  readonly store?: Store | undefined;
  readonly queue?: Queue | undefined;
}): void {
  if (redis && (store || queue))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      'Cannot use option "redis" together with "store" or "queue": expected one or the other',
    );
  if (!redis && role !== "all" && !(store && queue))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot be a ${role}: the embedded store belongs to one process, expected option "redis" for several`,
    );
}

async function openEmbedded(options: DurableOptions): Promise<Durable> {
  const { dataFolder, concurrency, clock, log } = options;
  const store = options.store ?? (await openSqlite(dataFolder, { clock, log }));
  const sweep = { everyMs: 5000, sessions: () => store.dirtySessions() };
  const queue = options.queue ?? localQueue({ concurrency, sweep, clock, log });
  return {
    store,
    queue,
    control: localControl(),
    turnstile: localTurnstile(),
    leaseMs: 15_000,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function openSqlite(
  folder: string,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<Store> {
  const { sqliteStore } = await import("./store/sqlite/index.ts");
  return await sqliteStore({ folder, clock, log });
}

/**
 * A worker that dies is noticed by its lease and by its lock in the queue, whichever is later; both are short, so that
 * another one has its sessions within ten seconds.
 */
async function openRedis(
  { connection, name = "opsthread", allowVolatile }: z.output<typeof RedisOptions>,
  { concurrency, clock, log }: DurableOptions,
): Promise<Durable> {
  const [{ redisStore }, { bullmqQueue }, { redisControl }, { redisTurnstile }, { redisWarmth }] =
    await Promise.all([
      import("./store/redis/index.ts"),
      import("./queue/bullmq/index.ts"),
      import("./redis/control.ts"),
      import("./redis/turnstile.ts"),
      import("./redis/warmth.ts"),
    ]);
  const redis = connection;
  const store = await redisStore({ redis, name, allowVolatile, log });
  const sweep = { everyMs: 2000, sessions: () => store.dirtySessions() };
  const queue = bullmqQueue({ redis, name, concurrency, sweep, lockMs: 6000, clock, log });
  const control = redisControl({ redis, name, log });
  const turnstile = redisTurnstile({ redis, name, log });
  const warmth = redisWarmth({ redis, name, log });
  return {
    store,
    queue,
    control,
    turnstile,
    warmth,
    leaseMs: 6000,
    pollMs: 5000,
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await warmth[Symbol.asyncDispose]();
      await control[Symbol.asyncDispose]();
      await turnstile[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
