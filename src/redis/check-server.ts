import { Cluster } from "ioredis";

import { OpsthreadError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { RedisClient } from "./connect.ts";

/** Since 6.2 there is everything that scripts and BullMQ use. */
const oldest = [6, 2] as const;

/**
 * Makes sure that what Redis acknowledges it also keeps.
 * @throws {OpsthreadError} `CONFIG_INVALID` with the setting to change
 */
export async function checkServer(
  client: RedisClient,
  { allowVolatile, log }: { readonly allowVolatile: boolean; readonly log: Logger },
): Promise<void> {
  const nodes = client instanceof Cluster ? client.nodes("master") : [client];
  for (const node of nodes) {
    const facts = factsOf(await node.info());
    const misplaced = misplacedBy(facts, { isCluster: client instanceof Cluster });
    if (misplaced !== undefined) throw unusable(misplaced);
    const version = facts["redis_version"] ?? "0";
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
      throw unusable(`its version is ${version}, expected ${oldest.join(".")} or newer`);
    const policy = facts["maxmemory_policy"] ?? "noeviction";
    if (policy !== "noeviction")
      throw unusable(
        `its maxmemory-policy is ${policy}, which throws data away when memory is short, expected noeviction; ` +
          'set "maxmemory-policy noeviction" in redis.conf',
      );
    if (facts["aof_enabled"] === "1") continue;
    const volatile =
      "its append-only file is off, so that a restart loses what was acknowledged, expected it on; " +
      'set "appendonly yes" in redis.conf (and "appendfsync always" where not even a second may be lost to a power cut)';
    if (!allowVolatile)
      throw unusable(
        `${volatile}, or go on all the same with --allow-volatile (allowVolatile in the configuration)`,
      );
    log.warn({ setting: "appendonly yes" }, "Redis loses what it holds when it is restarted");
  }
}

/** Why this is not the server that was meant. */
function misplacedBy(
  facts: Readonly<Record<string, string>>,
  { isCluster }: { readonly isCluster: boolean },
): string | undefined {
  if (facts["redis_mode"] === "sentinel")
    return 'it is a sentinel, expected redis.connection as in { "sentinels": ["redis://host:26379"], "master": "mymaster" }';
  if (facts["redis_mode"] === "cluster" && !isCluster)
    return 'it is a node of a Cluster, expected redis.connection as in { "cluster": ["redis://host:6379"] }';
  if (facts["role"] === "slave" && !isCluster)
    return `it is a replica, which takes no writes, expected its master (${facts["master_host"]}:${facts["master_port"]})`;
  return undefined;
}

function factsOf(info: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    info.split("\r\n").flatMap((line) => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

function unusable(why: string): OpsthreadError {
  return new OpsthreadError("CONFIG_INVALID", `Cannot use this Redis: ${why}`);
}
