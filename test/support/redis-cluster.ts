import { setTimeout as delay } from "node:timers/promises";

import { Redis } from "ioredis";

import { startRedis } from "./redis-server.ts";

/** A Redis Cluster of three masters on the loopback; its URLs. */
export async function startRedisCluster(): Promise<
  AsyncDisposable & { readonly urls: readonly string[] }
> {
  const cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  const servers = await Promise.all([0, 1, 2].map(() => startRedis(cluster)));
  const clients = servers.map(({ url }) => new Redis(url));
  const slots = 16_384;
  await Promise.all(
    clients.map(async (client, index) => {
      const [from, to] = [index, index + 1].map((third) => Math.floor((slots / 3) * third));
      await client.call("CLUSTER", "ADDSLOTSRANGE", String(from), String((to ?? slots) - 1));
      await client.call("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    }),
  );
  for (const { url } of servers.slice(1))
    await clients[0]?.cluster("MEET", "127.0.0.1", new URL(url).port);
  const isWhole = async (client: Redis): Promise<boolean> => {
    const info = await client.cluster("INFO");
    return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
  };
  while (!(await Promise.all(clients.map(isWhole))).every(Boolean)) await delay(50);
  for (const client of clients) client.disconnect();
  return {
    urls: servers.map(({ url }) => url),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}
