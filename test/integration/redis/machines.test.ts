import { expect, test } from "vitest";

import { canMakeMachines, openMachine } from "../../support/machine.ts";
import { startRedis } from "../../support/redis-server.ts";
import { openBot, postsIn, ranAt } from "./one-bot.ts";

test.skipIf(!canMakeMachines())(
  "a machine that is cut off in the middle of a turn, and comes back, neither writes nor posts",
  async () => {
    using one = openMachine();
    using other = openMachine();
    const addresses = ["127.0.0.1", one.host, other.host];
    await using redis = await startRedis(["--protected-mode", "no", "--bind", ...addresses]);
    await using bot = await openBot(redis.url, { toolMs: 3000, address: "0.0.0.0" });
    const [first] = await Promise.all([bot.start("worker", one), bot.start("gateway")]);
    await bot.say("T", "T-2");
    expect((await ranAt(bot.platform, 1)).pid).toBe(first.pid);
    one.cutOff();
    const second = await bot.start("worker", other);
    expect((await ranAt(bot.platform, 2)).pid).toBe(second.pid);
    expect(await postsIn(bot.platform, "T", 1)).toEqual(["answers T-2"]);

    one.reconnect();
    await second.stop();
    // It is at work again: it answers what comes next, and says nothing more of what it was cut off in.
    await bot.say("T", "T-4");
    expect((await ranAt(bot.platform, 1)).pid).toBe(first.pid);
    expect(await postsIn(bot.platform, "T", 2)).toEqual(["answers T-2", "answers T-4"]);
    expect(bot.platform.counts.doubles).toBe(0);
  },
);
