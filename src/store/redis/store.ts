import type { Clock } from "../../core/clock.ts";
import { type Logger, silentLogger } from "../../core/logger.ts";
import { checkServer } from "../../redis/check-server.ts";
import { type RedisConfig, redisNameOf } from "../../redis/config.ts";
import { connectRedis, disconnectRedis, reachRedis } from "../../redis/connect.ts";
import { connectFirst } from "../../redis/first-connection.ts";
import type { Store } from "../store.ts";
import { accept } from "./accept.ts";
import type { Context } from "./context.ts";
import { dirtyList } from "./dirty.ts";
import { effects } from "./effects.ts";
import { journal } from "./journal.ts";
import { keysOf } from "./keys.ts";
import { leases } from "./leases.ts";
import { outbox } from "./outbox.ts";
import { prune } from "./prune.ts";
import { schedules } from "./schedules.ts";
import { defineScripts } from "./scripts.ts";
import { sessions } from "./sessions.ts";
import { shared } from "./shared.ts";

export interface RedisStoreOptions {
  readonly redis: RedisConfig;
  /** Tells this installation from others in the same Redis: all keys begin with it. Default `opsthread`. */
  readonly name?: string;
  /** Go on where Redis keeps nothing on the disk. Default false: then it is an error. */
  readonly allowVolatile?: boolean;
  /** An operation that has no answer after so long fails with `STORE_UNAVAILABLE`. Default 10 seconds. */
  readonly timeoutMs?: number;
  /** Where the time of leases and claims is taken from. Default: Redis itself, so that no worker's clock decides. */
  readonly clock?: Pick<Clock, "now">;
  readonly log?: Logger;
}

/**
 * Opens the {@link Store} of many processes: Redis 6.2 or newer, alone, behind Sentinel or as a Cluster. Each atomic operation
 * is a Lua script on the keys of one slot; how what spans sessions is kept in step is told in docs/redis.md.
 *
 * @example
 * await using store = await redisStore({ redis: "redis://localhost:6379" });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID` when Redis is too old, evicts data, or keeps none on the disk; says what to set
 * @throws {OpsthreadError} `STORE_UNAVAILABLE` when it can't be reached
 */
export async function redisStore(options: RedisStoreOptions): Promise<Store> {
  const { redis, name = "opsthread", allowVolatile = false, timeoutMs = 10_000 } = options;
  const { clock, log = silentLogger } = options;
  const keys = keysOf(name);
  const client = connectRedis({ redis, log, timeoutMs });
  const run = defineScripts(client);
  const context: Context = { client, run, keys, time: () => clock?.now() ?? "" };
  try {
    await connectFirst(client, { redis, timeoutMs });
    await reachRedis(redis, () => checkServer(client, { allowVolatile, log }));
  } catch (error) {
    disconnectRedis(client);
    throw error;
  }
  log.info({ redis: redisNameOf(redis), name }, "Store opened");

  const dirty = dirtyList(context);
  const effect = effects(context);
  const posts = outbox(context);
  const now = async (): Promise<number> => {
    if (clock) return clock.now();
    const [seconds] = await client.time();
    return Number(seconds) * 1000;
  };
  const store = {
    accept: accept(context, dirty),
    ...leases(context, { dirty, effects: effect, outbox: posts }),
    ...journal(context, { effects: effect, outbox: posts }),
    ...shared(context),
    ...sessions(context, dirty),
    ...posts,
    ...schedules(context),
    prune: prune(context, now),
  };
  const reach =
    <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> =>
      reachRedis(redis, () => work(...args));
  return {
    accept: reach(store.accept),
    revise: reach(store.revise),
    lease: reach(store.lease),
    renew: reach(store.renew),
    release: reach(store.release),
    append: reach(store.append),
    spent: reach(store.spent),
    readInbox: reach(store.readInbox),
    readJournal: reach(store.readJournal),
    remembered: reach(store.remembered),
    dirtySessions: reach(store.dirtySessions),
    sessions: reach(store.sessions),
    session: reach(store.session),
    claimPost: reach(store.claimPost),
    settlePost: reach(store.settlePost),
    nextPostAt: reach(store.nextPostAt),
    posts: reach(store.posts),
    schedules: reach(store.schedules),
    writeSchedules: reach(store.writeSchedules),
    prune: reach(store.prune),
    async [Symbol.asyncDispose]() {
      disconnectRedis(client);
    },
  };
}
