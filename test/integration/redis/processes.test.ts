import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { startRedis, testRedis, type TestRedis } from "../../support/redis-server.ts";
import { type OneBot, openBot, postsIn, ranAt } from "./one-bot.ts";

let redis: TestRedis;
let bot: OneBot;

beforeAll(async () => {
  redis = await testRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});
beforeEach(async () => {
  bot = await openBot(redis.url);
});
afterEach(async () => {
  await bot[Symbol.asyncDispose]();
});

test("a turn goes on in another worker when its own is told to end, and when it is killed", async () => {
  await bot.start("gateway");
  // Nobody is there yet who could answer it.
  await bot.say("T", "T-2");
  const first = await bot.start("worker");
  await ranAt(bot.platform, 1);

  const second = await bot.start("worker");
  const toldAt = Date.now();
  await first.stop();
  expect((await ranAt(bot.platform, 2)).at - toldAt).toBeLessThan(1000);

  await bot.start("worker");
  const killedAt = Date.now();
  await second.kill();
  expect((await ranAt(bot.platform, 3)).at - killedAt).toBeLessThan(10_000);
});

test("a stop that one process accepts ends the turn of another", async () => {
  await Promise.all([bot.start("worker"), bot.start("gateway")]);
  await bot.say("T", "T-2");
  await ranAt(bot.platform, 1);
  const stoppedAt = Date.now();
  await bot.say("T", "stop");

  const [told] = await postsIn(bot.platform, "T", 1);
  expect(told).toMatch(/[Ss]topped/);
  expect(Date.now() - stoppedAt).toBeLessThan(2000);
});

test("a stop whose notice is lost with the connection is seen when it is back", async () => {
  await using own = await startRedis();
  await using alone = await openBot(own.url);
  await Promise.all([alone.start("worker"), alone.start("gateway")]);
  await alone.say("T", "T-2");
  await ranAt(alone.platform, 1);
  await own.process.kill();
  const said = alone.say("T", "stop");
  await own.process.restart();
  await said;

  expect(await postsIn(alone.platform, "T", 1)).toMatchObject([expect.stringMatching(/[Ss]top/)]);
});
