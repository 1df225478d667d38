import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, test } from "vitest";

import { redisStore } from "../../../src/store/redis/index.ts";
import { storeSuite } from "../../../src/testing/store-suite.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

let redis: TestRedis;

beforeAll(async () => {
  redis = await testRedis();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

describe("redisStore()", () => {
  storeSuite({
    test,
    async open(clock) {
      const options = { redis: redis.url, name: `test-${randomUUID()}`, clock };
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
    },
  });
});
