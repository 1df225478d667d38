import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { sqliteStore } from "../../src/store/sqlite/index.ts";
import { seededRandom } from "../../src/testing/random.ts";
import { checkStore } from "../../src/testing/store-check.ts";
import { loadStore } from "../../src/testing/store-load.ts";
import { parseRecords } from "../../src/testing/store-record.ts";

const program = fileURLToPath(new URL("store-load.mjs", import.meta.url));
const rounds = 25;
const ttlMs = 10_000;

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

interface Load extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Resolves when the store is open. */
  readonly ready: Promise<unknown>;
  /** Kills it, and fails when it ended before. */
  readonly kill: () => Promise<void>;
}

function startLoad(seed: number, round: number): Load {
  const options = { folder: join(folder, "data") };
  const load = { driver: "opsthread/sqlite", factory: "sqliteStore", options, log, ttlMs };
  const args = [program, JSON.stringify({ ...load, seed, round })];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  return {
    pid: child.pid,
    ready: Promise.race([once(child.stdout, "data"), exited]),
    async kill() {
      child.kill("SIGKILL");
      expect(await exited).toEqual([null, "SIGKILL"]);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

describe("sqliteStore() under load", () => {
  const seed = Number(process.env["OPSTHREAD_TEST_SEED"] ?? Date.now() % 1_000_000);

  test(`loses and repeats nothing when it is killed ${rounds} times (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const open = () => sqliteStore({ folder: join(folder, "data") });
    const records = async () => parseRecords(await readFile(log, "utf8"));

    for (let round = 0; round < rounds; round += 1) {
      await using load = startLoad(seed + round, round);
      // Now and then it is killed while it still opens the store.
      if (random() < 0.8) await load.ready;
      await setTimeout(random() * 500);
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
      ttlMs,
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

  test("keeps other processes out until it is killed", async () => {
    const data = join(folder, "data");
    await using load = startLoad(seed, 0);
    await load.ready;

    await expect(sqliteStore({ folder: data })).rejects.toMatchObject({
      code: "STORE_LOCKED",
      message: expect.stringContaining(`process ${load.pid} on `),
    });
    await load.kill();

    await using store = await sqliteStore({ folder: data });
    await checkStore(store, parseRecords(await readFile(log, "utf8")));
  });
});
