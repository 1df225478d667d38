import assert from "node:assert/strict";

import { sessionIdOf, type ThreadRef } from "../core/ids.ts";
import type { Store } from "../store/store.ts";
import { sampleMessage, sampleNote, samplePost, sampleThread } from "./samples.ts";
import { leaseSession } from "./store-suite-lease.ts";
import type { StoreCases } from "./store-suite.ts";

const one = sampleThread("T1");
const two = sampleThread("T2");
const three = sampleThread("T3");

/** Lets a session read its inbox and become clean. */
async function finishTurn(store: Store, thread: ThreadRef): Promise<string> {
  const lease = await leaseSession(store, "a", thread);
  await store.append(lease, { after: 0, entries: [sampleNote("done")], inboxThrough: 1 });
  assert.equal(await store.release(lease, { done: true }), "released");
  return lease.sessionId;
}

/** dirtySessions(), sessions(), session() and prune(). */
export const sessionCases: StoreCases = {
  "dirtySessions() gives the longest waiting first": async ({ store, clock }) => {
    await finishTurn(store, one);
    for (const thread of [two, three, one]) {
      await clock.advance(10);
      await store.accept(sampleMessage(`M ${thread.thread}`, thread), { opens: true });
    }
    await clock.advance(10);
    await store.accept(sampleMessage("M again", two), { opens: true });

    assert.deepEqual(await store.dirtySessions(), [two, three, one].map(sessionIdOf));
  },

  "dirtySessions() leaves out live leases, and names them once they expire": async (subject) => {
    const { store, clock } = subject;
    const { sessionId } = await leaseSession(store);

    assert.deepEqual(await store.dirtySessions(), []);
    await clock.advance(1000);
    assert.deepEqual(await store.dirtySessions(), [sessionId]);
  },

  "dirtySessions() names a session whose turn a restart ended": async (subject) => {
    const { store, clock, reopen } = subject;
    const lease = await leaseSession(store);
    await store.append(lease, { after: 0, entries: [sampleNote("half")], inboxThrough: 1 });

    const reopened = await reopen();
    await clock.advance(1000);

    assert.deepEqual(await reopened.dirtySessions(), [lease.sessionId]);
  },

  "sessions() gives the most recently active first": async ({ store, clock }) => {
    const active = async (thread: ThreadRef): Promise<void> => {
      await clock.advance(10);
      const id = `${thread.thread} at ${clock.now()}`;
      await store.accept(sampleMessage(id, thread), { opens: true });
    };
    for (const thread of [one, two, three, one]) await active(thread);

    const ids = async (limit: number): Promise<readonly string[]> =>
      (await store.sessions({ limit })).map(({ sessionId }) => sessionId);
    assert.deepEqual(await ids(10), [one, three, two].map(sessionIdOf));
    assert.deepEqual(await ids(1), [sessionIdOf(one)]);
  },

  "sessions() and session() tell the same": async ({ store, clock }) => {
    const createdAt = clock.now();
    await store.accept(sampleMessage("M1", one), { opens: true });
    await clock.advance(10);
    const lease = await leaseSession(store, "a", one);
    await store.append(lease, { after: 0, entries: [sampleNote("on it")], inboxThrough: 1 });

    const [info] = await store.sessions({ limit: 1 });

    const { sessionId } = lease;
    const activeAt = clock.now();
    assert.deepEqual(info, { sessionId, thread: one, createdAt, activeAt, dirty: true, unread: 1 });
    assert.deepEqual(await store.session(sessionId), info);
    assert.equal(await store.session("s_unknown"), undefined);
  },

  "prune() removes what an idle session left": async ({ store, clock }) => {
    const idle = await finishTurn(store, one);
    await clock.advance(1000);
    const recent = await finishTurn(store, two);

    assert.deepEqual(await store.prune({ idleBefore: clock.now() }), [idle]);

    assert.equal(await store.session(idle), undefined);
    assert.deepEqual(await store.readJournal(idle, { after: 0 }), []);
    assert.equal((await store.session(recent))?.sessionId, recent);
    assert.deepEqual(await store.prune({ idleBefore: clock.now() }), []);
  },

  "prune() keeps sessions that have work to do": async ({ store, clock }) => {
    await store.accept(sampleMessage("M1", one), { opens: true });
    const running = await leaseSession(store, "a", two);
    await store.append(running, { after: 0, entries: [], inboxThrough: 1 });
    const posting = await leaseSession(store, "a", three);
    const post = samplePost("P1", three);
    await store.append(posting, { after: 0, entries: [], posts: [post], inboxThrough: 1 });
    await store.release(posting, { done: true });
    await clock.advance(5000);

    assert.deepEqual(await store.prune({ idleBefore: clock.now() }), []);

    const claim = await store.claimPost({ holder: "a", ttlMs: 1000 });
    assert.ok(claim);
    assert.deepEqual(await store.prune({ idleBefore: clock.now() }), []);
    await store.settlePost(claim, { type: "sent", messageId: "X1" });
    assert.deepEqual(await store.prune({ idleBefore: clock.now() }), [posting.sessionId]);
    assert.deepEqual(await store.posts(posting.sessionId), []);
  },

  "prune() removes any number of sessions": async ({ store, clock }) => {
    const ids = await Promise.all(
      Array.from({ length: 60 }, (_, index) => finishTurn(store, sampleThread(`many ${index}`))),
    );
    await clock.advance(1000);

    const removed = await store.prune({ idleBefore: clock.now() });

    assert.deepEqual(removed.toSorted(), ids.toSorted());
    assert.deepEqual(await store.sessions({ limit: 10 }), []);
  },

  "prune() does not make a late repeat open the session again": async ({ store, clock }) => {
    const message = sampleMessage("M1", one);
    await store.accept(message, { opens: true });
    const lease = await leaseSession(store, "a", one);
    await store.append(lease, { after: 0, entries: [], inboxThrough: 2 });
    await store.release(lease, { done: true });
    await clock.advance(1000);
    assert.deepEqual(await store.prune({ idleBefore: clock.now() }), [lease.sessionId]);

    assert.equal((await store.accept(message, { opens: true })).status, "duplicate");

    assert.equal(await store.session(lease.sessionId), undefined);
  },

  "a thread whose session was removed can open a new one": async ({ store, clock }) => {
    const id = await finishTurn(store, one);
    await clock.advance(1000);
    await store.prune({ idleBefore: clock.now() });

    await store.accept(sampleMessage("M9", one), { opens: true });

    assert.equal((await store.session(id))?.unread, 1);
    const lease = await store.lease(id, { holder: "a", ttlMs: 1000 });
    assert.ok(lease);
    assert.equal((await store.append(lease, { after: 0, entries: [sampleNote("anew")] })).seq, 1);
  },
};
