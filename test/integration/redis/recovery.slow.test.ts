import { setTimeout as delay } from "node:timers/promises";

import { expect, test } from "vitest";

import { startRedis } from "../../support/redis-server.ts";
import { openBot, postsIn, ranAt } from "./one-bot.ts";

const kills = 20;

test(`a turn goes on within ten seconds after each of ${kills} kills of its worker, and within one after each hand-over`, async () => {
  await using redis = await startRedis();
  await using bot = await openBot(redis.url);
  const members = await Promise.all([bot.start("worker"), bot.start("worker")]);
  await bot.start("gateway");
  const took: Record<"kill" | "stop", number[]> = { kill: [], stop: [] };

  for (let n = 1; n <= kills; n += 1) {
    const runs = bot.platform.effects.size;
    await bot.say(`K${n}`, `K${n}-2`);
    while (bot.platform.effects.size === runs) await delay(5);
    for (const how of ["kill", "stop"] as const) {
      const times = [...bot.platform.effects.values()].at(-1)?.length ?? 0;
      const { pid } = await ranAt(bot.platform, times);
      const index = members.findIndex((member) => member.pid === pid);
      const spare = await bot.start("worker");
      const endedAt = Date.now();
      await members[index]?.[how]();
      took[how].push((await ranAt(bot.platform, times + 1)).at - endedAt);
      members[index] = spare;
    }
    await bot.say(`K${n}`, "stop");
    await postsIn(bot.platform, `K${n}`, 1);
  }

  for (const [how, times] of Object.entries(took)) {
    const sorted = times.toSorted((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)];
    process.stdout.write(`${how}: p50 ${middle} ms, max ${sorted.at(-1)} ms\n`);
  }
  expect(Math.max(...took.kill)).toBeLessThan(10_000);
  expect(Math.max(...took.stop)).toBeLessThan(1000);
}, 900_000);
