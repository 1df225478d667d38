import assert from "node:assert/strict";

import { isOpsthreadError } from "../core/errors.ts";
import { sessionIdOf } from "../core/ids.ts";
import type { Lease, Store } from "../store/store.ts";
import { sampleMessage, sampleNote, sampleThread } from "./samples.ts";
import type { StoreCases } from "./store-suite.ts";

const thread = sampleThread("T1");
const sessionId = sessionIdOf(thread);

/** Accepts a message and takes the lease of its session for a second. */
export async function leaseSession(store: Store, holder = "a", of = thread): Promise<Lease> {
  const id = sessionIdOf(of);
  await store.accept(sampleMessage(`for ${id}`, of), { opens: true });
  const lease = await store.lease(id, { holder, ttlMs: 1000 });
  assert.ok(lease, "Expected a lease");
  return lease;
}

/** Whether the lease still may write. */
async function canWrite(store: Store, lease: Lease): Promise<boolean> {
  const { length } = await store.readJournal(lease.sessionId, { after: 0 });
  try {
    await store.append(lease, { after: length, entries: [sampleNote("still here")] });
    return true;
  } catch (error) {
    if (isOpsthreadError(error, "STORE_FENCED")) return false;
    throw error;
  }
}

/** lease(), renew() and release(). */
export const leaseCases: StoreCases = {
  "lease() gives a session to one holder at a time": async ({ store, clock }) => {
    const first = await leaseSession(store, "a");

    assert.equal(await store.lease(sessionId, { holder: "b", ttlMs: 1000 }), undefined);
    await clock.advance(999);
    assert.equal(await store.lease(sessionId, { holder: "b", ttlMs: 1000 }), undefined);
    await clock.advance(1);
    const second = await store.lease(sessionId, { holder: "b", ttlMs: 1000 });
    assert.ok(second && second.epoch > first.epoch);
    assert.deepEqual([second.sessionId, second.holder], [sessionId, "b"]);
    assert.deepEqual(second.thread, thread);
    assert.equal(second.createdAt, (await store.session(sessionId))?.createdAt);
  },

  "lease() gives a session to one of many that ask at once": async ({ store }) => {
    await store.accept(sampleMessage("M1", thread), { opens: true });

    const leases = await Promise.all(
      ["a", "b", "c", "d", "e"].map((holder) => store.lease(sessionId, { holder, ttlMs: 1000 })),
    );

    assert.equal(leases.filter((lease) => lease !== undefined).length, 1);
  },

  "lease() of an unknown session gives nothing and opens nothing": async ({ store }) => {
    assert.equal(await store.lease("s_unknown", { holder: "a", ttlMs: 1000 }), undefined);
    assert.equal(await store.session("s_unknown"), undefined);
  },

  "lease() again by its holder replaces the earlier lease": async ({ store }) => {
    const first = await leaseSession(store, "a");

    const second = await store.lease(sessionId, { holder: "a", ttlMs: 1000 });

    assert.ok(second && second.epoch > first.epoch);
    assert.equal(await store.renew(first, { ttlMs: 1000 }), false);
    assert.equal(await canWrite(store, first), false);
    assert.equal(await canWrite(store, second), true);
  },

  "lease() marks a clean session dirty": async ({ store }) => {
    const lease = await leaseSession(store);
    await store.append(lease, { after: 0, entries: [], inboxThrough: 1 });
    await store.release(lease, { done: true });

    await store.lease(sessionId, { holder: "b", ttlMs: 1000 });

    assert.equal((await store.session(sessionId))?.dirty, true);
  },

  "epochs grow over releases and restarts": async ({ store, reopen, clock }) => {
    const epochs: number[] = [];
    const take = async (from: Store, holder: string): Promise<Lease> => {
      const lease = await from.lease(sessionId, { holder, ttlMs: 1000 });
      assert.ok(lease);
      epochs.push(lease.epoch);
      return lease;
    };
    epochs.push((await leaseSession(store)).epoch);
    await clock.advance(1000);
    await store.release(await take(store, "b"), { done: false });
    await take(store, "c");
    const reopened = await reopen();
    await clock.advance(1000);
    await take(reopened, "d");

    assert.deepEqual(
      epochs,
      [...new Set(epochs)].toSorted((a, b) => a - b),
    );
  },

  "renew() prolongs a lease from now": async ({ store, clock }) => {
    const lease = await leaseSession(store);
    await clock.advance(900);

    assert.equal(await store.renew(lease, { ttlMs: 1000 }), true);

    await clock.advance(999);
    assert.equal(await store.lease(sessionId, { holder: "b", ttlMs: 1000 }), undefined);
    await clock.advance(1);
    assert.ok(await store.lease(sessionId, { holder: "b", ttlMs: 1000 }));
  },

  "a lease that was taken over can neither renew, write nor release": async ({ store, clock }) => {
    const lost = await leaseSession(store, "a");
    await clock.advance(1000);
    const current = await store.lease(sessionId, { holder: "b", ttlMs: 1000 });
    assert.ok(current);

    assert.equal(await store.renew(lost, { ttlMs: 1000 }), false);
    assert.equal(await canWrite(store, lost), false);
    assert.equal(await store.release(lost, { done: true }), "lost");
    assert.equal(await store.release(lost, { done: false }), "lost");
    assert.equal(await canWrite(store, current), true);
    assert.equal(await store.lease(sessionId, { holder: "c", ttlMs: 1000 }), undefined);
  },

  "an expired lease that nobody took over is still the current one": async ({ store, clock }) => {
    const lease = await leaseSession(store);
    await clock.advance(5000);

    assert.equal(await canWrite(store, lease), true);
    assert.equal(await store.renew(lease, { ttlMs: 1000 }), true);
    assert.equal(await store.lease(sessionId, { holder: "b", ttlMs: 1000 }), undefined);
  },

  "release() when done cleans a session whose inbox is empty": async ({ store }) => {
    const lease = await leaseSession(store);
    await store.append(lease, { after: 0, entries: [], inboxThrough: 1 });

    assert.equal(await store.release(lease, { done: true }), "released");

    assert.equal((await store.session(sessionId))?.dirty, false);
    assert.deepEqual(await store.dirtySessions(), []);
    assert.equal(await canWrite(store, lease), false);
    assert.equal(await store.renew(lease, { ttlMs: 1000 }), false);
    assert.equal(await store.release(lease, { done: true }), "lost");
  },

  "release() when done keeps the lease while a message is unread": async ({ store }) => {
    const lease = await leaseSession(store);

    assert.equal(await store.release(lease, { done: true }), "inbox-not-empty");

    assert.equal((await store.session(sessionId))?.dirty, true);
    assert.equal(await store.lease(sessionId, { holder: "b", ttlMs: 1000 }), undefined);
    assert.equal(await canWrite(store, lease), true);
  },

  "release() when not done leaves the session dirty and free": async ({ store }) => {
    const lease = await leaseSession(store);
    await store.append(lease, { after: 0, entries: [], inboxThrough: 1 });

    assert.equal(await store.release(lease, { done: false }), "released");

    assert.deepEqual(await store.dirtySessions(), [sessionId]);
    assert.equal(await canWrite(store, lease), false);
    assert.ok(await store.lease(sessionId, { holder: "b", ttlMs: 1000 }));
  },
};
