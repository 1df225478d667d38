import { Cluster, Redis } from "ioredis";

import { isOpsthreadError, messageOf, OpsthreadError } from "../core/errors.ts";
import { type Logger } from "../core/logger.ts";
import { parseRedisUrl, type RedisConfig, redisNameOf } from "./config.ts";

export type RedisClient = Redis | Cluster;

export interface ConnectOptions {
  readonly redis: RedisConfig;
  readonly log: Logger;
  /** A command that has no answer after so long fails, also while there is no connection. Default: it waits. */
  readonly timeoutMs?: number;
}

/** A client, not connected yet. Failures of the connection are logged, and it is tried again for ever. */
export function connectRedis({ redis, log, timeoutMs }: ConnectOptions): RedisClient {
  const client = openClient(redis, {
    lazyConnect: true,
    // What is asked while there is no connection waits; it has an end of its own.
    maxRetriesPerRequest: null,
    // After a failover the old master is a replica.
    reconnectOnError: (error: Error) => (error.message.startsWith("READONLY") ? 2 : false),
    ...(timeoutMs !== undefined && { commandTimeout: timeoutMs }),
  });
  const name = redisNameOf(redis);
  client.on("error", (error: unknown) => {
    log.warn({ redis: name, error: messageOf(error) }, "The connection to Redis failed");
  });
  return client;
}

interface ClientOptions {
  readonly lazyConnect: true;
  readonly maxRetriesPerRequest: null;
  readonly reconnectOnError: (error: Error) => 2 | false;
  readonly commandTimeout?: number;
}

const retryAfterMs = (times: number): number => Math.min(times * 50, 500);

function openClient(redis: RedisConfig, options: ClientOptions): RedisClient {
  const single = { ...options, retryStrategy: retryAfterMs };
  if (typeof redis === "string") return new Redis({ ...single, ...parseRedisUrl(redis) });
  if ("cluster" in redis) {
    const nodes = redis.cluster.map(parseRedisUrl);
    const { username, password, tls } = nodes[0] ?? {};
    return new Cluster(
      nodes.map(({ host, port }) => ({ host, port })),
      {
        lazyConnect: true,
        clusterRetryStrategy: retryAfterMs,
        redisOptions: { ...options, ...credentials({ username, password }), ...(tls && { tls }) },
      },
    );
  }
  const { sentinels, master, username, password, db = 0, tls = false } = redis;
  const nodes = sentinels.map(parseRedisUrl);
  const [first] = nodes;
  const client: Redis = new Redis({
    ...single,
    // Else sentinels that are away are asked on after the client was told to disconnect.
    sentinelRetryStrategy: (times) =>
      Reflect.get(client, "manuallyClosing") === true ? null : retryAfterMs(times),
    name: master,
    sentinels: nodes.map(({ host, port }) => ({ host, port })),
    db,
    ...credentials({ username, password }),
    ...(first?.username !== undefined && { sentinelUsername: first.username }),
    ...(first?.password !== undefined && { sentinelPassword: first.password }),
    ...(tls && { tls: {} }),
    ...(first?.tls && { enableTLSForSentinelMode: true, sentinelTLS: first.tls }),
  });
  return client;
}

function credentials({
  username,
  password,
}: {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}): { readonly username?: string; readonly password?: string } {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

/** Ends the connection; what was asked and has no answer fails. */
export function disconnectRedis(client: RedisClient): void {
  client.disconnect();
}

/** @throws {OpsthreadError} `STORE_UNAVAILABLE` in the place of what Redis or the connection fails with */
export async function reachRedis<T>(redis: RedisConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOpsthreadError(error)) throw error;
    const name = redisNameOf(redis);
    throw new OpsthreadError(
      "STORE_UNAVAILABLE",
      `Cannot use Redis at ${name}: ${messageOf(error)}, expected an answer; what was asked for may have been done`,
      { cause: error, data: { redis: name } },
    );
  }
}
