import assert from "node:assert/strict";

import { isOpsthreadError } from "../core/errors.ts";
import { sessionIdOf } from "../core/ids.ts";
import type { JournalEntry } from "../core/journal.ts";
import { sampleMessage, sampleNote, samplePost, sampleRead, sampleThread } from "./samples.ts";
import { leaseSession } from "./store-suite-lease.ts";
import type { StoreCases } from "./store-suite.ts";

const thread = sampleThread("T1");
const sessionId = sessionIdOf(thread);
const fenced = (error: unknown): boolean => isOpsthreadError(error, "STORE_FENCED");

/** append() and readJournal(). */
export const journalCases: StoreCases = {
  "append() numbers entries densely from 1": async ({ store }) => {
    const lease = await leaseSession(store);
    const [one, two, three] = ["one", "two", "three"].map(sampleNote);
    assert.ok(one && two && three);

    assert.equal((await store.append(lease, { after: 0, entries: [one, two] })).seq, 2);
    assert.equal((await store.append(lease, { after: 2, entries: [three] })).seq, 3);

    assert.deepEqual(await store.readJournal(sessionId, { after: 0 }), [
      { seq: 1, entry: one },
      { seq: 2, entry: two },
      { seq: 3, entry: three },
    ]);
    assert.deepEqual(await store.readJournal(sessionId, { after: 2 }), [{ seq: 3, entry: three }]);
    assert.deepEqual(await store.readJournal(sessionId, { after: 3 }), []);
  },

  "readJournal() gives every kind of entry back as it was": async ({ store }) => {
    const lease = await leaseSession(store);
    await store.append(lease, { after: 0, entries: everyEntry });

    const records = await store.readJournal(sessionId, { after: 0 });

    assert.deepEqual(
      records.map(({ entry }) => entry),
      everyEntry,
    );
  },

  "readJournal() of an unknown session is empty": async ({ store }) => {
    assert.deepEqual(await store.readJournal("s_unknown", { after: 0 }), []);
  },

  "append() writes entries, posts and what was read in one step": async ({ store, reopen }) => {
    const lease = await leaseSession(store);
    await store.accept(sampleMessage("M2", thread), { opens: true });
    const entries = [sampleRead(sampleMessage("M1", thread))];
    const post = samplePost("P1", thread);

    await store.append(lease, { after: 0, entries, posts: [post], inboxThrough: 1 });

    const reopened = await reopen();
    assert.equal((await reopened.readJournal(sessionId, { after: 0 })).length, 1);
    assert.deepEqual(await reopened.posts(sessionId), [{ post, state: "waiting", attempts: 0 }]);
    const unread = await reopened.readInbox(sessionId, { after: 0 });
    assert.deepEqual(
      unread.map(({ seq, message }) => [seq, message.id]),
      [[2, "M2"]],
    );
  },

  "append() tells whether messages are unread": async ({ store }) => {
    const lease = await leaseSession(store);
    const none = { entries: [], posts: [] };
    assert.equal((await store.append(lease, { ...none, after: 0 })).unread, true);
    assert.equal((await store.append(lease, { ...none, after: 0, inboxThrough: 1 })).unread, false);

    await store.accept(sampleMessage("M2", thread), { opens: true });
    await store.accept(sampleMessage("M3", thread), { opens: true });
    const append = { after: 0, entries: [sampleNote("one")], inboxThrough: 2 };
    assert.equal((await store.append(lease, append)).unread, true);
    await store.revise({ id: "M3", thread, message: undefined });
    assert.equal((await store.append(lease, append)).unread, false);
  },

  "append() goes on numbering the inbox after all was read": async ({ store }) => {
    const lease = await leaseSession(store);
    await store.append(lease, { after: 0, entries: [], inboxThrough: 1 });
    await store.accept(sampleMessage("M2", thread), { opens: true });

    const unread = await store.readInbox(sessionId, { after: 1 });

    assert.deepEqual(
      unread.map(({ seq }) => seq),
      [2],
    );
  },

  "append() at another place than the end writes nothing": async ({ store }) => {
    const lease = await leaseSession(store);
    await store.append(lease, { after: 0, entries: [sampleNote("one")] });

    for (const after of [0, 2]) {
      const append = {
        after,
        entries: [sampleNote("two")],
        posts: [samplePost("P1", thread)],
        inboxThrough: 1,
      };
      await assert.rejects(store.append(lease, append), fenced);
      await assert.rejects(store.append(lease, { ...append, entries: [] }), fenced);
    }

    assert.equal((await store.readJournal(sessionId, { after: 0 })).length, 1);
    assert.deepEqual(await store.posts(sessionId), []);
    assert.equal((await store.readInbox(sessionId, { after: 0 })).length, 1);
  },

  "append() may be repeated when its answer was lost": async ({ store }) => {
    const lease = await leaseSession(store);
    const append = {
      after: 0,
      entries: [sampleNote("one"), sampleNote("two")],
      posts: [samplePost("P1", thread)],
      inboxThrough: 1,
    };
    await store.append(lease, append);
    await store.accept(sampleMessage("M2", thread), { opens: true });

    assert.equal((await store.append(lease, append)).seq, 2);

    assert.equal((await store.readJournal(sessionId, { after: 0 })).length, 2);
    assert.equal((await store.posts(sessionId)).length, 1);
    assert.equal((await store.readInbox(sessionId, { after: 0 })).length, 1);
  },

  "append() is no repeat when it says more than is there": async ({ store }) => {
    const lease = await leaseSession(store);
    const entries = [sampleNote("one")];
    await store.append(lease, { after: 0, entries });

    const more = [...entries, sampleNote("two")];

    await assert.rejects(store.append(lease, { after: 0, entries: more }), fenced);
    assert.equal((await store.readJournal(sessionId, { after: 0 })).length, 1);
  },

  "append() repeated under a lost lease is refused": async ({ store, clock }) => {
    const lease = await leaseSession(store);
    const append = { after: 0, entries: [sampleNote("one")] };
    await store.append(lease, append);
    await clock.advance(1000);
    assert.ok(await store.lease(sessionId, { holder: "b", ttlMs: 1000 }));

    await assert.rejects(store.append(lease, append), fenced);
  },

  "append() lets one of two writers at the same place win": async ({ store }) => {
    const lease = await leaseSession(store);

    const results = await Promise.allSettled(
      ["one", "two"].map((text) => store.append(lease, { after: 0, entries: [sampleNote(text)] })),
    );

    assert.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    assert.equal((await store.readJournal(sessionId, { after: 0 })).length, 1);
  },
};

const at = { v: 1, turn: 2, at: 1234.5 } as const;
const everyEntry: readonly JournalEntry[] = [
  { ...at, type: "turn-started", epoch: 7 },
  { ...at, type: "message", message: sampleMessage("M1", thread), paths: ["in/app.log"] },
  {
    ...at,
    type: "step",
    step: 1,
    response: {
      text: "Looking 🔎 \u0000",
      toolCalls: [{ callId: "c1", tool: "logs", args: '{"a":1}' }],
      usage: { inputTokens: 10, outputTokens: 2 },
      provider: { id: "r1", nested: [null, true, { n: 0.1 }] },
    },
    intents: [
      { callId: "c1", tool: "logs", args: '{"a":1}', executionId: "e1", effect: "reattach" },
    ],
  },
  {
    ...at,
    type: "tool-result",
    callId: "c1",
    result: {
      status: "failed",
      output: "boom",
      measures: { exitCode: 1, wallMs: 1.5 },
      artifacts: [{ name: "a.txt", blob: "b/1", bytes: 3, mediaType: "text/plain" }],
    },
  },
  { ...at, type: "note", text: "" },
  {
    ...at,
    type: "context-trimmed",
    cuts: [{ part: "output", of: "e1", keep: 0, file: ".opsthread/outputs/e1.txt" }],
  },
  {
    ...at,
    type: "context-summarized",
    before: { turn: 1, step: 3 },
    pinnedTokens: 1000,
    text: "Goal: find it",
    used: [{ model: "a/b", usage: { inputTokens: 3, outputTokens: 1 } }],
    usd: 0.25,
  },
  { ...at, type: "notes-shown", text: "# Goal" },
  { ...at, type: "model-failed", step: 2, used: [] },
  {
    ...at,
    type: "turn-ended",
    outcome: "answered",
    text: "Done",
  },
];
