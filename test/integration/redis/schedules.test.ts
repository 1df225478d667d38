import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { redisStore } from "../../../src/store/redis/index.ts";
import type { Store } from "../../../src/store/store.ts";
import { minute, schedule, scheduleWorld } from "../../schedule/schedule-world.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

let redis: TestRedis;

beforeAll(async () => {
  redis = await testRedis();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

test("of processes on one Redis one runs each schedule at each of its times", async () => {
  await using world = await scheduleWorld();
  const { clock } = world;
  const name = `test-${randomUUID()}`;
  const stores: Store[] = [];
  for (let count = 0; count < 3; count += 1)
    stores.push(await redisStore({ redis: redis.url, name, clock }));
  const schedules = Array.from({ length: 20 }, (_, index) =>
    schedule({ id: `s${index}`, overlap: "queue" }),
  );
  for (const store of stores) await world.start(schedules, { store });
  const [store] = stores;
  const sessions = async (): Promise<number> =>
    (await store?.sessions({ limit: 100 }))?.length ?? 0;
  await world.pass(30 * minute);
  await expect.poll(sessions).toBe(20);
  for (const each of world.schedulers) await each[Symbol.asyncDispose]();

  expect(world.opened.length).toBe(20);
  const records = await store?.schedules({ after: 0, limit: 100 });
  expect(records?.filter(({ record }) => record?.run?.thread)).toHaveLength(20);
  for (const each of stores) await each[Symbol.asyncDispose]();
});
