import { Cluster } from "ioredis";

import { messageOf, OpsthreadError } from "../core/errors.ts";
import { type RedisConfig, redisNameOf } from "./config.ts";
import type { RedisClient } from "./connect.ts";

/**
 * Connects for the first time. What fails later is tried again for ever; what fails now is most likely written wrong, and is
 * told with what to change.
 *
 * @throws {OpsthreadError} `STORE_UNAVAILABLE`, after `timeoutMs` at the latest
 */
export async function connectFirst(
  client: RedisClient,
  { redis, timeoutMs }: { readonly redis: RedisConfig; readonly timeoutMs: number },
): Promise<void> {
  // The client itself only says that it is closed.
  let reason: unknown;
  const keep = (error: Error): void => {
    reason = error;
  };
  client.on("error", keep);
  // Sentinels and Clusters are asked again for ever.
  let patience: NodeJS.Timeout | undefined;
  const outOfPatience = new Promise<never>((_, reject) => {
    const late = new Error(`it was not ready within ${timeoutMs / 1000} seconds`);
    patience = setTimeout(() => reject(late), timeoutMs);
  });
  try {
    await Promise.race([client.connect(), outOfPatience]);
    // Else the client goes on in database 0, where another one is not there.
    const { db = 0 } = client instanceof Cluster ? {} : client.options;
    if (db > 0 && !(client instanceof Cluster)) await client.select(db);
  } catch (error) {
    const name = redisNameOf(redis);
    const cause = reason ?? error;
    throw new OpsthreadError(
      "STORE_UNAVAILABLE",
      `Cannot use Redis at ${name}: ${problemOf(cause, redis)}`,
      { cause, data: { redis: name } },
    );
  } finally {
    clearTimeout(patience);
    client.off("error", keep);
  }
}

/** What is wrong, and what to do where that is known. */
export function problemOf(error: unknown, redis: RedisConfig): string {
  // A Cluster's own error says only that no node was of use.
  const isOfNodes = error instanceof Error && "lastNodeError" in error;
  const said = messageOf(isOfNodes ? (error.lastNodeError ?? error) : error);
  const sentinelSaid = /^All sentinels are unreachable.*Last error: (.*)$/.exec(said)?.[1];
  if (sentinelSaid === "Connection is closed.")
    return "none of the sentinels answers, expected one";
  const found = problems.find(({ when }) => when.test(said));
  if (found) return found.tell(redis);
  // Whoever speaks TLS to one that does not, or the other way, hears nothing or is cut off.
  if (!/ECONNRESET|EPIPE|ETIMEDOUT|Connection is closed|wrong version|packet length/.test(said))
    return `${said}, expected a server that answers`;
  return usesTls(redis)
    ? `${said}, expected a server that speaks TLS; "redis://" is for one that does not`
    : `${said}, expected a server that answers; "rediss://" is for one that speaks TLS`;
}

interface Problem {
  readonly when: RegExp;
  readonly tell: (redis: RedisConfig) => string;
}

const problems: readonly Problem[] = [
  {
    when: /NOAUTH/,
    tell: () => 'it wants a password, expected one in the URL, as in "redis://:password@host"',
  },
  {
    when: /WRONGPASS|invalid password|without any password configured/,
    tell: () => "the user or the password is wrong",
  },
  {
    when: /self.signed certificate|unable to (verify|get)/i,
    tell: () =>
      "its certificate is of an authority that is not known, expected the variable NODE_EXTRA_CA_CERTS to name the file with that authority's",
  },
  {
    when: /DB index is out of range|SELECT is not allowed/,
    tell: () => "it has no such database, expected a number in the URL that it has, such as /0",
  },
  {
    when: /No such master/,
    tell: (redis) =>
      `the sentinels know no master ${typeof redis === "object" && "master" in redis ? `"${redis.master}"` : "of that name"}, expected the name in their "sentinel monitor"`,
  },
  {
    when: /unknown command .sentinel/i,
    tell: () => "that is no sentinel, expected the addresses of sentinels in redis.sentinels",
  },
  {
    when: /cluster support disabled/,
    tell: () => "it is no node of a Cluster, expected its URL alone as redis.connection",
  },
];

function usesTls(redis: RedisConfig): boolean {
  if (typeof redis === "string") return redis.startsWith("rediss:");
  if ("cluster" in redis) return redis.cluster.some(usesTls);
  return redis.tls === true || redis.sentinels.some(usesTls);
}
