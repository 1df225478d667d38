import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { sessionIdOf } from "../../src/core/ids.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { localQueue } from "../../src/queue/local.ts";
import { createInbound } from "../../src/sessions/accept.ts";
import { localControl } from "../../src/sessions/control.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { sampleMessage, sampleThread } from "../../src/testing/samples.ts";

const clock = manualClock();
const thread = sampleThread("T1");
const sessionId = sessionIdOf(thread);
let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-revise-"));
  store = await sqliteStore({ folder, clock });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function open() {
  const control = localControl();
  let notices = 0;
  control.watch(sessionId, () => {
    notices += 1;
  });
  const inbound = createInbound({
    store,
    queue: localQueue({ concurrency: 1, clock }),
    control,
    gate: {
      check: ({ actor, action }) =>
        actor.id === "U1" && action !== "approve"
          ? { allowed: true }
          : { allowed: false, reason: "Not you" },
    },
    audit: () => {},
    clock,
    log: silentLogger,
    tasks: [{ name: "logs", title: "Read logs" }],
  });
  await inbound.receive(sampleMessage("M1", thread));
  const texts = async (): Promise<readonly string[]> =>
    (await store.readInbox(sessionId, { after: 0 })).map(({ message }) => message.text);
  return { inbound, texts, notices: () => notices };
}

const edited = (more = {}) => ({
  id: "M1",
  thread,
  message: sampleMessage("M1", thread, { text: "edited", ...more }),
});

test("an edit before a turn has read it counts, and the running turn looks into its inbox", async () => {
  const { inbound, texts, notices } = await open();
  const before = notices();
  expect(await inbound.revise(edited())).toEqual({ status: "accepted" });
  expect(await texts()).toEqual(["edited"]);
  expect(notices()).toBe(before + 1);
});

test("what was deleted before a turn has read it is not there any more", async () => {
  const { inbound, texts } = await open();
  expect(await inbound.revise({ id: "M1", thread, message: undefined })).toEqual({
    status: "accepted",
  });
  expect(await texts()).toEqual([]);
  expect(await inbound.receive(sampleMessage("M1", thread))).toEqual({ status: "duplicate" });
});

test("what was never said to a session is not heard of by its edit", async () => {
  const { inbound, texts } = await open();
  const other = { ...edited(), id: "M2" };
  expect(await inbound.revise(other)).toEqual({ status: "ignored" });
  expect(await texts()).toEqual(["message M1"]);
});

test("an edit passes the gate as a message does", async () => {
  const { inbound, texts } = await open();
  const denied = { status: "denied", reason: "Not you" };
  expect(await inbound.revise(edited({ actor: { id: "U2", roles: [] } }))).toEqual(denied);
  expect(await inbound.revise(edited({ text: "approve 1abcde" }))).toEqual(denied);
  expect(await texts()).toEqual(["message M1"]);
});

test("who may use it can be asked before there is a message", async () => {
  const { inbound } = await open();
  const check = (id: string) => inbound.check({ actor: { id, roles: [] }, thread }).allowed;
  expect([check("U1"), check("U2")]).toEqual([true, false]);
  expect(inbound.tasks).toEqual([{ name: "logs", title: "Read logs" }]);
});

test("when a session's first message was said is known before and after a turn has read it", async () => {
  const { inbound } = await open();
  const { sentAt } = sampleMessage("M1", thread);
  await inbound.receive(sampleMessage("M2", thread, { kind: "thread", sentAt: sentAt + 5 }));
  expect(await inbound.begunAt?.(thread)).toBe(sentAt);

  const lease = await store.lease(sessionId, { holder: "test", ttlMs: 1000 });
  if (!lease) throw new Error("No lease");
  const entries = ["M1", "M2"].map((id) => ({
    v: 1 as const,
    type: "message" as const,
    at: clock.now(),
    turn: 1,
    message: sampleMessage(id, thread, { sentAt: sentAt + (id === "M1" ? 0 : 5) }),
    paths: [],
  }));
  await store.append(lease, { after: 0, entries, inboxThrough: 2 });
  await inbound.receive(sampleMessage("M3", thread, { kind: "thread", sentAt: sentAt + 9 }));
  expect(await inbound.begunAt?.(thread)).toBe(sentAt);
});

test("a thread without a session, and one that a schedule began, were begun by nobody", async () => {
  const { inbound } = await open();
  const [other, scheduled] = [sampleThread("T2"), sampleThread("T3")];
  await inbound.receive(sampleMessage("M9", scheduled, { schedule: "daily" }));
  expect(await inbound.begunAt?.(other)).toBeUndefined();
  expect(await inbound.begunAt?.(scheduled)).toBeUndefined();
});
