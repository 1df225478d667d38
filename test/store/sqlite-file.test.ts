import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { sessionIdOf } from "../../src/core/ids.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { sampleMessage, sampleNote, samplePost, sampleThread } from "../../src/testing/samples.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const thread = sampleThread("T1");
const sessionId = sessionIdOf(thread);
let folder = "";

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Changes the file behind the store's back. */
function tamper(sql: string): void {
  const db = new DatabaseSync(join(folder, "store.db"));
  db.exec(sql);
  db.close();
}

describe("sqliteStore() and its folder", () => {
  test("is made when absent", async () => {
    await using store = await sqliteStore({ folder: join(folder, "a", "b") });
    expect(await store.dirtySessions()).toEqual([]);
  });

  test("refuses a folder that is open, and tells who has it", async () => {
    await using store = await sqliteStore({ folder });
    expect(await store.dirtySessions()).toEqual([]);

    const second = sqliteStore({ folder });

    await expect(second).rejects.toMatchObject({
      code: "STORE_LOCKED",
      message: expect.stringMatching(
        new RegExp(
          `"${folder}": process ${process.pid} on .+ has it open, .* choose another folder`,
        ),
      ),
    });
  });

  test("keeps the lock while others try", async () => {
    await using store = await sqliteStore({ folder });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(sqliteStore({ folder })).rejects.toMatchObject({ code: "STORE_LOCKED" });
    }

    const accepted = await store.accept(sampleMessage("M1", thread), { opens: true });

    expect(accepted.status).toBe("accepted");
    expect(() => tamper("SELECT * FROM sessions")).toThrow("locked");
  });

  test("is free again after dispose, which may come twice", async () => {
    const first = await sqliteStore({ folder });
    await first.accept(sampleMessage("M1", thread), { opens: true });
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();

    expect(await readdir(folder)).toEqual(["store.db"]);
    await using second = await sqliteStore({ folder });
    expect(await second.dirtySessions()).toEqual([sessionId]);
  });

  test("is not locked by the note that a killed process left behind", async () => {
    await writeFile(join(folder, "store.holder"), "process 1 on elsewhere\n");

    await using store = await sqliteStore({ folder });

    expect(await store.dirtySessions()).toEqual([]);
  });

  test("is refused unchanged when its schema is newer, and not kept", async () => {
    tamper("CREATE TABLE future (a); PRAGMA user_version = 99");

    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(sqliteStore({ folder })).rejects.toMatchObject({
        code: "STORE_SCHEMA_NEWER",
        data: { version: 99, current: 3 },
      });
    }

    tamper("INSERT INTO future VALUES (1)");
  });

  test("is refused when store.db is no database", async () => {
    await writeFile(join(folder, "store.db"), "not a database ".repeat(1000));

    await expect(sqliteStore({ folder })).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  });

  test("is refused when store.db can't be opened", async () => {
    await mkdir(join(folder, "store.db"));

    await expect(sqliteStore({ folder })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

describe("sqliteStore() after a restart", () => {
  test("voids the leases and claims of the earlier process at once", async () => {
    const clock = manualClock();
    const first = await sqliteStore({ folder, clock });
    await first.accept(sampleMessage("M1", thread), { opens: true });
    const old = await first.lease(sessionId, { holder: "a", ttlMs: 60_000 });
    if (old === undefined) throw new Error("Expected a lease");
    const posts = [samplePost("P1", thread)];
    await first.append(old, { after: 0, entries: [sampleNote("one")], posts });
    await first.claimPost({ holder: "a", ttlMs: 60_000 });
    await first[Symbol.asyncDispose]();

    await using second = await sqliteStore({ folder, clock });

    expect(await second.dirtySessions()).toEqual([sessionId]);
    expect(await second.renew(old, { ttlMs: 60_000 })).toBe(false);
    const append = second.append(old, { after: 1, entries: [sampleNote("two")] });
    await expect(append).rejects.toMatchObject({ code: "STORE_FENCED" });
    const lease = await second.lease(sessionId, { holder: "b", ttlMs: 60_000 });
    expect(lease?.epoch).toBe(old.epoch + 1);
    const claim = await second.claimPost({ holder: "b", ttlMs: 60_000 });
    expect(claim).toMatchObject({ post: { key: "P1" }, attempt: 2, ambiguous: true });
  });
});

describe("sqliteStore() on damaged rows", () => {
  test.for([
    ["UPDATE journal SET entry = '{\"v\":1}'", "entry 1 in the journal"],
    ["UPDATE journal SET entry = 'half a li'", "not JSON"],
    ["UPDATE inbox SET message = 'null'", "message 1 in the inbox"],
    ["UPDATE posts SET post = '{}'", "a post of the outbox"],
    ["UPDATE sessions SET thread = '[]'", "the thread of"],
  ])("%s is STORE_CORRUPT", async ([sql = "", what = ""]) => {
    const first = await sqliteStore({ folder });
    await first.accept(sampleMessage("M1", thread), { opens: true });
    const lease = await first.lease(sessionId, { holder: "a", ttlMs: 1000 });
    if (lease === undefined) throw new Error("Expected a lease");
    const posts = [samplePost("P1", thread)];
    await first.append(lease, { after: 0, entries: [sampleNote("one")], posts });
    await first[Symbol.asyncDispose]();
    tamper(sql);

    await using store = await sqliteStore({ folder });
    const readAll = async (): Promise<void> => {
      await store.readJournal(sessionId, { after: 0 });
      await store.readInbox(sessionId, { after: 0 });
      await store.posts(sessionId);
      await store.session(sessionId);
    };

    await expect(readAll()).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      message: expect.stringContaining(what),
    });
  });
});

describe("prune()", () => {
  test("forgets the message ids of removed sessions after a week, and no others", async () => {
    const clock = manualClock();
    await using store = await sqliteStore({ folder, clock });
    const gone = sampleMessage("M1", thread);
    const kept = sampleMessage("M2", sampleThread("T2"));
    await store.accept(gone, { opens: true });
    await store.accept(kept, { opens: true });
    const lease = await store.lease(sessionId, { holder: "a", ttlMs: 1000 });
    if (lease === undefined) throw new Error("Expected a lease");
    await store.append(lease, { after: 0, entries: [], inboxThrough: 1 });
    await store.release(lease, { done: true });
    const status = async (message: typeof gone): Promise<string> =>
      (await store.accept(message, { opens: false })).status;
    const week = 7 * 24 * 60 * 60 * 1000;

    await clock.advance(week);
    expect(await store.prune({ idleBefore: clock.now() })).toEqual([sessionId]);
    expect([await status(gone), await status(kept)]).toEqual(["duplicate", "duplicate"]);
    await clock.advance(1);
    await store.prune({ idleBefore: 0 });
    expect([await status(gone), await status(kept)]).toEqual(["no-session", "duplicate"]);
  });
});
