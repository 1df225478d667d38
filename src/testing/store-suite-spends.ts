import assert from "node:assert/strict";

import { isOpsthreadError } from "../core/errors.ts";
import { nothingSpent, type Spent } from "../core/spent.ts";
import type { Store } from "../store/store.ts";
import { sampleNote, sampleThread } from "./samples.ts";
import { leaseSession } from "./store-suite-lease.ts";
import type { StoreCases } from "./store-suite.ts";

const account = { name: "channel:sample:W1:C1", day: "2026-11-26" };
const spent: Spent = { steps: 1, tokens: 120, usd: 0.25, ms: 1500.5 };
const entries = [sampleNote("one")];

const read = async (store: Store): Promise<Spent | undefined> => (await store.spent([account]))[0];

/** append() with spends, and spent(). */
export const spendCases: StoreCases = {
  "spent() of an account that nobody used is nothing": async ({ store }) => {
    assert.deepEqual(await store.spent([account, account]), [nothingSpent, nothingSpent]);
    assert.deepEqual(await store.spent([]), []);
  },

  "append() adds up what sessions spend, by account and day": async ({ store, reopen }) => {
    const first = await leaseSession(store);
    const second = await leaseSession(store, "a", sampleThread("T2"));
    const other = { ...account, day: "2026-11-27" };

    await store.append(first, { after: 0, entries, spends: [{ ...account, spent }] });
    await store.append(second, {
      after: 0,
      entries,
      spends: [
        { ...account, spent },
        { ...other, spent },
      ],
    });

    const twice = { steps: 2, tokens: 240, usd: 0.5, ms: 3001 };
    assert.deepEqual(await (await reopen()).spent([other, account]), [spent, twice]);
  },

  "append() that is repeated spends once": async ({ store }) => {
    const lease = await leaseSession(store);
    const append = { after: 0, entries, spends: [{ ...account, spent }] };
    await store.append(lease, append);
    await store.append(lease, append);
    assert.deepEqual(await read(store), spent);
  },

  "append() that is refused spends nothing": async ({ store, clock }) => {
    const lease = await leaseSession(store);
    const spends = [{ ...account, spent }];
    const fenced = (error: unknown): boolean => isOpsthreadError(error, "STORE_FENCED");
    await assert.rejects(store.append(lease, { after: 3, entries, spends }), fenced);
    await clock.advance(1000);
    assert.ok(await store.lease(lease.sessionId, { holder: "b", ttlMs: 1000 }));
    await assert.rejects(store.append(lease, { after: 0, entries, spends }), fenced);
    assert.deepEqual(await read(store), nothingSpent);
  },

  "prune() keeps what was spent, for five weeks": async ({ store, clock }) => {
    const lease = await leaseSession(store);
    const day = new Date(clock.now()).toISOString().slice(0, 10);
    await store.append(lease, { after: 0, entries, spends: [{ ...account, day, spent }] });
    await store.release(lease, { done: true });
    const weekMs = 7 * 24 * 60 * 60 * 1000;

    await clock.advance(4 * weekMs);
    await store.prune({ idleBefore: clock.now() });
    assert.deepEqual(await store.spent([{ ...account, day }]), [spent]);

    await clock.advance(2 * weekMs);
    await store.prune({ idleBefore: clock.now() });
    assert.deepEqual(await store.spent([{ ...account, day }]), [nothingSpent]);
  },
};
