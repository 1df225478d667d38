import { resolve } from "node:path";

import type { Schedule } from "../../core/schedule.ts";
import type { ScheduleStore } from "../../store/store.ts";
import { redisConnection } from "../start/bot-options.ts";
import { loadConfig } from "../start/load-config.ts";
import { openSecrets } from "../start/secrets.ts";

/** Where a configuration's schedules are. */
export interface OpenSchedules extends AsyncDisposable {
  readonly store: ScheduleStore;
  /** Those of the configuration itself. */
  readonly configured: readonly Schedule[];
  /** Where the bot is. */
  readonly platforms: readonly string[];
}

/**
 * Opens what a bot with this configuration has of schedules. It may run meanwhile.
 * @throws {OpsthreadError} `CONFIG_INVALID`, `STORE_UNAVAILABLE`
 */
export async function openScheduleStore(given: string | undefined): Promise<OpenSchedules> {
  const { config, folder } = await loadConfig(given);
  const { redis, schedules, dataFolder, slack, discord } = config;
  const platforms = [...(slack ? ["slack"] : []), ...(discord ? ["discord"] : [])];
  const about = { configured: schedules, platforms };
  if (redis) {
    const { connection, ...options } = redis;
    const secrets = openSecrets({ env: process.env, folder });
    const { redisStore } = await import("../../store/redis/index.ts");
    // Whether what Redis forgets may be lost is for the bot to refuse.
    const store = await redisStore({
      ...options,
      redis: redisConnection(connection, secrets),
      allowVolatile: true,
    });
    return { store, ...about, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  }
  const { sqliteSchedules } = await import("../../store/sqlite/index.ts");
  const store = sqliteSchedules({ folder: resolve(folder, dataFolder) });
  return { store, ...about, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}
