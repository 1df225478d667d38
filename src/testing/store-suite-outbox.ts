import assert from "node:assert/strict";

import { sessionIdOf, type ThreadRef } from "../core/ids.ts";
import type { PostClaim, PostOutcome, Store } from "../store/store.ts";
import { sampleNote, samplePost, sampleThread } from "./samples.ts";
import { leaseSession } from "./store-suite-lease.ts";
import type { StoreCases } from "./store-suite.ts";

const one = sampleThread("T1");
const two = sampleThread("T2");
const sent: PostOutcome = { type: "sent", messageId: "X1" };
const asked = { holder: "a", ttlMs: 1000 };
const append = { after: 0, entries: [] };

/** Opens a session and puts posts into its outbox. */
async function putPosts(store: Store, thread: ThreadRef, keys: readonly string[]): Promise<void> {
  const lease = await leaseSession(store, "a", thread);
  const posts = keys.map((key) => samplePost(key, thread));
  await store.append(lease, { after: 0, entries: [], posts });
}

async function claim(store: Store, key: string): Promise<PostClaim> {
  const claimed = await store.claimPost({ holder: "a", ttlMs: 1000 });
  assert.equal(claimed?.post.key, key);
  return claimed;
}

async function assertNothingToClaim(store: Store): Promise<void> {
  assert.equal(await store.claimPost({ holder: "a", ttlMs: 1000 }), undefined);
}

/** claimPost(), the claim of append(), settlePost(), nextPostAt() and posts(). */
export const outboxCases: StoreCases = {
  "claimPost() of an empty outbox gives nothing": async ({ store }) => {
    await assertNothingToClaim(store);
    assert.equal(await store.nextPostAt(), undefined);
    assert.deepEqual(await store.posts("s_unknown"), []);
  },

  "claimPost() gives the posts of a session in order, each after the one before": async (
    subject,
  ) => {
    const { store } = subject;
    await putPosts(store, one, ["P2", "P1"]);

    const first = await claim(store, "P2");
    assert.deepEqual([first.attempt, first.ambiguous], [1, false]);
    assert.deepEqual(first.post, samplePost("P2", one));
    await assertNothingToClaim(store);

    assert.equal(await store.settlePost(first, sent), "more");
    assert.equal(await store.settlePost(await claim(store, "P1"), sent), "none");
  },

  "claimPost() lets sessions go side by side": async ({ store, clock }) => {
    await putPosts(store, one, ["P1", "P2"]);
    await clock.advance(10);
    await putPosts(store, two, ["Q1", "Q2"]);

    await claim(store, "P1");
    await claim(store, "Q1");
    await assertNothingToClaim(store);
  },

  "claimPost() gives a post to one of many that ask at once": async ({ store }) => {
    await putPosts(store, one, ["P1", "P2"]);

    const claims = await Promise.all(
      ["a", "b", "c", "d"].map((holder) => store.claimPost({ holder, ttlMs: 1000 })),
    );

    assert.equal(claims.filter((claimed) => claimed !== undefined).length, 1);
  },

  "a post whose key is in the outbox is not put there again": async ({ store, clock }) => {
    await putPosts(store, one, ["P1"]);
    const settled = await claim(store, "P1");
    await store.settlePost(settled, sent);
    await clock.advance(1000);
    const lease = await leaseSession(store, "b", one);

    await store.append(lease, { after: 0, entries: [], posts: [samplePost("P1", one)] });

    await assertNothingToClaim(store);
    assert.deepEqual(
      (await store.posts(sessionIdOf(one))).map(({ state, messageId }) => [state, messageId]),
      [["sent", "X1"]],
    );
  },

  "a post put behind unsent ones waits for them": async ({ store, clock }) => {
    await putPosts(store, one, ["P1"]);
    const first = await claim(store, "P1");
    await clock.advance(1);
    const lease = await store.lease(sessionIdOf(one), { holder: "a", ttlMs: 1000 });
    assert.ok(lease);
    await store.append(lease, { after: 0, entries: [], posts: [samplePost("P2", one)] });

    await assertNothingToClaim(store);
    await store.settlePost(first, sent);
    await claim(store, "P2");
  },

  "append() claims the first of its posts for whoever asks": async ({ store, clock }) => {
    const lease = await leaseSession(store, "a", one);
    const posts = ["P1", "P2"].map((key) => samplePost(key, one));
    const { claim: first } = await store.append(lease, { ...append, posts, claim: asked });

    assert.deepEqual(
      [first?.post, first?.attempt, first?.ambiguous],
      [samplePost("P1", one), 1, false],
    );
    assert.equal(await store.nextPostAt(), clock.now() + 1000);
    await assertNothingToClaim(store);
    assert.equal(first && (await store.settlePost(first, sent)), "more");
    assert.equal(await store.settlePost(await claim(store, "P2"), sent), "none");
    assert.equal(await store.nextPostAt(), undefined);
  },

  "append() claims no post that has to wait, or that is there already": async ({ store }) => {
    const lease = await leaseSession(store, "a", one);
    const put = async (key: string, entry: string): Promise<PostClaim | undefined> => {
      const after = (await store.readJournal(lease.sessionId, { after: 0 })).length;
      const posts = [samplePost(key, one)];
      const entries = [sampleNote(entry)];
      return (await store.append(lease, { after, entries, posts, claim: asked })).claim;
    };
    const first = await put("P1", "one");

    assert.equal(await put("P2", "two"), undefined);
    assert.equal(first && (await store.settlePost(first, sent)), "more");
    assert.equal(await put("P2", "three"), undefined);
    assert.equal(await put("P1", "four"), undefined);
    await store.settlePost(await claim(store, "P2"), sent);
    assert.equal((await put("P3", "five"))?.post.key, "P3");
  },

  "a post that append() claimed is taken over as ambiguous": async ({ store, clock, reopen }) => {
    const lease = await leaseSession(store, "a", one);
    const posts = [samplePost("P1", one)];
    const { claim: lost } = await store.append(lease, { ...append, posts, claim: asked });
    const reopened = await reopen();
    await clock.advance(1000);

    const taken = await claim(reopened, "P1");

    assert.deepEqual([taken.attempt, taken.ambiguous], [2, true]);
    assert.equal(lost && (await reopened.settlePost(lost, sent)), "lost");
  },

  "an append that is repeated claims nothing": async ({ store }) => {
    const lease = await leaseSession(store, "a", one);
    const whole = { after: 0, entries: [sampleNote("one")], posts: [samplePost("P1", one)] };
    await store.append(lease, whole);

    assert.equal((await store.append(lease, { ...whole, claim: asked })).claim, undefined);
    await claim(store, "P1");
  },

  "settlePost() keeps what became of a post": async ({ store, reopen }) => {
    await putPosts(store, one, ["P1", "P2", "P3"]);
    await store.settlePost(await claim(store, "P1"), sent);
    await store.settlePost(await claim(store, "P2"), { type: "rejected", error: "too long" });

    const reopened = await reopen();

    assert.deepEqual(await reopened.posts(sessionIdOf(one)), [
      { post: samplePost("P1", one), state: "sent", attempts: 1, messageId: "X1" },
      { post: samplePost("P2", one), state: "rejected", attempts: 1, error: "too long" },
      { post: samplePost("P3", one), state: "waiting", attempts: 0 },
    ]);
    await claim(reopened, "P3");
  },

  "settlePost() with retry gives the post again when it is due": async ({ store, clock }) => {
    await putPosts(store, one, ["P1", "P2"]);
    const notBefore = clock.now() + 500.5;
    const retry = { type: "retry", notBefore, ambiguous: false, error: "slow down" } as const;
    assert.equal(await store.settlePost(await claim(store, "P1"), retry), "more");

    const [waiting] = await store.posts(sessionIdOf(one));
    assert.deepEqual([waiting?.state, waiting?.error], ["waiting", "slow down"]);
    assert.equal(await store.nextPostAt(), notBefore);
    await clock.advance(500);
    await assertNothingToClaim(store);
    await clock.advance(1);
    const again = await claim(store, "P1");
    assert.deepEqual([again.attempt, again.ambiguous], [2, false]);
  },

  "a post that once may have been sent stays ambiguous": async ({ store, clock }) => {
    await putPosts(store, one, ["P1"]);
    const retry = { type: "retry", notBefore: clock.now(), error: "no answer" } as const;
    await store.settlePost(await claim(store, "P1"), { ...retry, ambiguous: true });

    const second = await claim(store, "P1");
    assert.equal(second.ambiguous, true);
    await store.settlePost(second, { ...retry, ambiguous: false });

    assert.equal((await claim(store, "P1")).ambiguous, true);
  },

  "a claim that expired is taken over as ambiguous": async ({ store, clock }) => {
    await putPosts(store, one, ["P1"]);
    const lost = await claim(store, "P1");
    await clock.advance(999);
    await assertNothingToClaim(store);
    await clock.advance(1);

    const taken = await claim(store, "P1");

    assert.deepEqual([taken.attempt, taken.ambiguous], [2, true]);
    assert.equal(await store.settlePost(lost, sent), "lost");
    assert.equal(await store.settlePost(taken, sent), "none");
    assert.equal(await store.settlePost(taken, sent), "lost");
  },

  "a claim that expired settles nothing, even if nobody took it over": async (subject) => {
    const { store, clock } = subject;
    await putPosts(store, one, ["P1"]);
    const late = await claim(store, "P1");
    await clock.advance(1000);

    assert.equal(await store.settlePost(late, sent), "lost");

    assert.equal((await claim(store, "P1")).ambiguous, true);
  },

  "a claim that a restart ended comes back as ambiguous": async ({ store, reopen, clock }) => {
    await putPosts(store, one, ["P1"]);
    await claim(store, "P1");

    const reopened = await reopen();
    await clock.advance(1000);

    const again = await claim(reopened, "P1");
    assert.deepEqual([again.attempt, again.ambiguous], [2, true]);
  },

  "nextPostAt() is when something can be claimed": async ({ store, clock }) => {
    await putPosts(store, one, ["P1", "P2"]);
    const now = clock.now();

    assert.ok(((await store.nextPostAt()) ?? Infinity) <= now);
    const first = await claim(store, "P1");
    assert.equal(await store.nextPostAt(), now + 1000);
    await store.settlePost(first, sent);
    assert.ok(((await store.nextPostAt()) ?? Infinity) <= now);
    await store.settlePost(await claim(store, "P2"), sent);
    assert.equal(await store.nextPostAt(), undefined);
  },
};
