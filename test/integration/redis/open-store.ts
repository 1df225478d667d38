import { randomUUID } from "node:crypto";

import type { Clock } from "../../../src/core/clock.ts";
import { type RedisConfig, redisStore } from "../../../src/store/redis/index.ts";
import type { StoreUnderTest } from "../../../src/testing/store-suite.ts";

/** A store of an installation that nobody else has. */
export async function openStore(redis: RedisConfig, clock: Clock): Promise<StoreUnderTest> {
  const options = { redis, name: `test-${randomUUID()}`, clock };
  const first = await redisStore(options);
  let store = first;
  return {
    store: first,
    async reopen() {
      await store[Symbol.asyncDispose]();
      store = await redisStore(options);
      return store;
    },
    [Symbol.asyncDispose]: async () => await store[Symbol.asyncDispose](),
  };
}
