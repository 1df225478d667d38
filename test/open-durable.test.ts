import { expect, test } from "vitest";

import { createBot } from "../src/bot.ts";
import { silentLogger } from "../src/core/logger.ts";
import { localQueue } from "../src/queue/local.ts";
import { temporaryFolder } from "./store/temporary-folder.ts";

const access = { admins: ["test:w:u"] };

test("a role of its own needs a store that several processes can use", async () => {
  const dataFolder = await temporaryFolder();
  const opened = createBot({ adapters: [], access, dataFolder, role: "worker" });

  await expect(opened).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining('expected option "redis"'),
  });
});

test("redis and a queue of one's own exclude each other", async () => {
  const dataFolder = await temporaryFolder();
  await using queue = localQueue({ log: silentLogger });
  const redis = { connection: "redis://localhost" };

  await expect(createBot({ adapters: [], access, dataFolder, redis, queue })).rejects.toMatchObject(
    { code: "CONFIG_INVALID" },
  );
});

test("an unusable URL of Redis is told without its password", async () => {
  const dataFolder = await temporaryFolder();
  const redis = { connection: "http://:secret@localhost" };

  await expect(createBot({ adapters: [], access, dataFolder, redis })).rejects.toThrow(
    /^(?!.*secret).*Cannot use the URL of Redis/,
  );
});
