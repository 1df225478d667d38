import { readFileSync } from "node:fs";

import { z } from "zod";

import { type Logger, silentLogger } from "../core/logger.ts";
import type { RedisConfig } from "./config.ts";
import { connectRedis, disconnectRedis, reachRedis } from "./connect.ts";

export interface RedisTurnstileOptions {
  readonly redis: RedisConfig;
  /** Tells this installation from others in the same Redis. Default `opsthread`. */
  readonly name?: string;
  /** Who has not asked again after so long stands in line no more, milliseconds. Default 30,000. */
  readonly patienceMs?: number;
  readonly log?: Logger;
}

/** Counts the turns of all processes of a bot: see the port, `sessions/turnstile.ts`. All its keys expire by themselves. */
export function redisTurnstile(options: RedisTurnstileOptions) {
  const { redis, name = "opsthread", patienceMs = 30_000, log = silentLogger } = options;
  const client = connectRedis({ redis, log, timeoutMs: 5000 });
  for (const script of ["enter", "keep", "leave"])
    client.defineCommand(script, { lua: read(`turn-${script}`) });
  const run = async <T>(
    script: string,
    answer: z.ZodType<T>,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<T> =>
    await reachRedis(redis, async () => {
      const command: unknown = Reflect.get(client, script);
      if (typeof command !== "function") throw new TypeError(`Redis has no command "${script}"`);
      return answer.parse(await Reflect.apply(command, client, [keys.length, ...keys, ...args]));
    });
  // All in one slot of a Redis Cluster.
  const key = (part: string, limit: Limit): string =>
    `${name}:{${name}:turns}:${part}:${limit.name}`;
  const keysOf = (limits: readonly Limit[]): readonly string[] =>
    limits.flatMap((limit) => ["running", "line", "asked"].map((part) => key(part, limit)));
  const mostOf = (limits: readonly Limit[]): readonly number[] => limits.map(({ most }) => most);

  return {
    async enter(
      sessionId: string,
      {
        limits,
        since,
        ttlMs,
      }: { readonly limits: readonly Limit[]; readonly since: number; readonly ttlMs: number },
    ) {
      const args = [sessionId, since, ttlMs, patienceMs, ...mostOf(limits)];
      const [full, ahead = 0] = await run("enter", Entered, keysOf(limits), args);
      const limit = limits[full - 1];
      if (!limit) return { admitted: true as const };
      return { admitted: false as const, limit, ahead };
    },
    async keep(
      sessionId: string,
      { limits, ttlMs }: { readonly limits: readonly Limit[]; readonly ttlMs: number },
    ): Promise<void> {
      const running = limits.map((limit) => key("running", limit));
      await run("keep", z.number(), running, [sessionId, ttlMs]);
    },
    async leave(sessionId: string, limits: readonly Limit[]): Promise<readonly string[]> {
      const args = [sessionId, ...mostOf(limits)];
      return await run("leave", z.array(z.string()), keysOf(limits), args);
    },
    async look<L extends Limit>(sessionId: string, limits: readonly L[]) {
      for (const limit of limits) {
        const ahead = await reachRedis(redis, () => client.zrank(key("line", limit), sessionId));
        if (ahead !== null) return { limit, ahead };
      }
      return undefined;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      disconnectRedis(client);
    },
  };
}

interface Limit {
  readonly name: string;
  readonly most: number;
}

const Entered = z
  .array(z.number())
  .min(1)
  .transform(([full = 0, ahead]) => [full, ahead] as const);

const read = (script: string): string =>
  readFileSync(new URL(`scripts/${script}.lua`, import.meta.url), "utf8");
