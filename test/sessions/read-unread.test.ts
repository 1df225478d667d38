import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { sessionIdOf } from "../../src/core/ids.ts";
import { readUnread } from "../../src/sessions/read-unread.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { messageTo } from "./world.ts";

const thread = { platform: "test", workspace: "w", channel: "c", thread: "t" };
const session = { id: sessionIdOf(thread), thread };
let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-read-unread-"));
  store = await sqliteStore({ folder, clock: manualClock() });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const said = async (id: string, actor: { readonly id: string; readonly name?: string }) =>
  await store.accept(
    { ...messageTo(thread, id, "hello"), actor: { ...actor, roles: [] } },
    { opens: true },
  );

test("who is not named is asked for once each, and who has a name keeps it", async () => {
  await said("1", { id: "UANN" });
  await said("2", { id: "UBOB", name: "Bob" });
  await said("3", { id: "UANN" });
  await said("4", { id: "UNOBODY" });
  const asked: string[] = [];
  const adapter = {
    nameOf: async (_: unknown, actorId: string) => {
      asked.push(actorId);
      return actorId === "UANN" ? "Ann" : undefined;
    },
  };
  const unread = await readUnread(session, { store, adapter });
  expect(unread.map(({ message }) => message.actor.name)).toEqual(["Ann", "Bob", "Ann", undefined]);
  expect(asked).toEqual(["UANN", "UNOBODY"]);
});

test("where messages come with names, nobody is asked", async () => {
  await said("1", { id: "you" });
  const unread = await readUnread(session, { store, adapter: undefined });
  expect(unread.map(({ message }) => message.actor)).toEqual([{ id: "you", roles: [] }]);
});
