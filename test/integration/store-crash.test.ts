import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { redisStore } from "../../src/store/redis/index.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { seededRandom } from "../../src/testing/random.ts";
import { checkStore } from "../../src/testing/store-check.ts";
import { loadStore } from "../../src/testing/store-load.ts";
import { parseRecords } from "../../src/testing/store-record.ts";
import { startRedis } from "../support/redis-server.ts";
import { type LoadOptions, startLoad } from "./start-load.ts";

const seed = Number(process.env["OPSTHREAD_TEST_SEED"] ?? Date.now() % 1_000_000);

// On the disk, not in memory: this is about what was synced.
let folder = "";
let log = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "opsthread-crash-"));
  log = join(folder, "load.log");
  await writeFile(log, "");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A driver, as a process under load and the test itself open it. */
interface Subject extends AsyncDisposable {
  readonly load: Pick<LoadOptions, "driver" | "factory" | "options" | "ttlMs">;
  readonly open: () => Promise<Store>;
  /** How often the process is killed. */
  readonly rounds: number;
  /** Kills what the store itself runs in, and starts it again. */
  readonly crash?: () => Promise<void>;
}

async function sqlite(): Promise<Subject> {
  const options = { folder: join(folder, "data") };
  return {
    load: { driver: "opsthread/sqlite", factory: "sqliteStore", options, ttlMs: 10_000 },
    open: () => sqliteStore(options),
    rounds: 25,
    async [Symbol.asyncDispose]() {},
  };
}

async function redis(): Promise<Subject> {
  const server = await startRedis(["--appendfsync", "always"]);
  const options = { redis: server.url };
  // Nobody knows that a holder is gone before its leases are over.
  const ttlMs = 300;
  return {
    load: { driver: "opsthread/redis", factory: "redisStore", options, ttlMs },
    async open() {
      await setTimeout(ttlMs);
      return redisStore(options);
    },
    rounds: 12,
    async crash() {
      await server.process.kill();
      await server.process.restart();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe.each([
  ["sqliteStore()", sqlite],
  ["redisStore()", redis],
])("%s under load", (_, subjectOf) => {
  test(`loses and repeats nothing when it is killed again and again (seed ${seed})`, async () => {
    await using subject = await subjectOf();
    const { open, rounds } = subject;
    const random = seededRandom(seed);
    const records = async () => parseRecords(await readFile(log, "utf8"));

    for (let round = 0; round < rounds; round += 1) {
      await using load = startLoad({ ...subject.load, log, seed: seed + round, round });
      const crash = round % 3 === 1 ? subject.crash : undefined;
      // Now and then it is killed while it still opens the store. Without a Redis it would end by itself then.
      if (random() < 0.8 || crash) await load.ready;
      await setTimeout(random() * 500);
      await crash?.();
      await load.kill();

      await using store = await open();
      await checkStore(store, await records());
    }

    await using store = await open();
    const lines: string[] = [];
    await loadStore({
      store,
      seed,
      round: rounds,
      records: await records(),
      record: (line) => lines.push(JSON.stringify(line)),
      ttlMs: subject.load.ttlMs,
      finish: true,
    });
    await appendFile(log, `\n${lines.join("\n")}`);
    const checked = await checkStore(store, await records());
    expect(checked.acts).toBeGreaterThan(rounds * 10);
    expect(await store.dirtySessions()).toEqual([]);
    const sessions = await store.sessions({ limit: 100 });
    const posts = await Promise.all(sessions.map(({ sessionId }) => store.posts(sessionId)));
    expect(posts.flat().filter(({ state }) => state !== "sent")).toEqual([]);
  });
});

test("sqliteStore() keeps other processes out until it is killed", async () => {
  await using subject = await sqlite();
  const data = join(folder, "data");
  await using load = startLoad({ ...subject.load, log, seed, round: 0 });
  await load.ready;

  await expect(sqliteStore({ folder: data })).rejects.toMatchObject({
    code: "STORE_LOCKED",
    message: expect.stringContaining(`process ${load.pid} on `),
  });
  await load.kill();

  await using store = await sqliteStore({ folder: data });
  await checkStore(store, parseRecords(await readFile(log, "utf8")));
});
