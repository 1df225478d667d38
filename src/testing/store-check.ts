import assert from "node:assert/strict";

import type { JournalRecord } from "../core/journal.ts";
import type { InboxItem, SessionInfo, Store, StoredPost } from "../store/store.ts";
import type { Act, LoadRecord, Result } from "./store-record.ts";

/**
 * Asserts that a store lost nothing and did nothing twice, whatever moments its processes were killed at.
 * No process may be using the store, and the leases of killed ones must be over.
 *
 * @returns how much there was to check
 */
export async function checkStore(
  store: Store,
  records: readonly LoadRecord[],
): Promise<{ readonly acts: number; readonly messages: number; readonly posts: number }> {
  const deeds = deedsOf(records);
  const sessions = await readAll(store);
  const acknowledged = deeds.filter((deed) => deed.result !== undefined);

  const messages = checkMessages(acknowledged, sessions);
  checkJournals(acknowledged, sessions);
  const posts = checkPosts(acknowledged, sessions, records);
  checkEpochs(acknowledged);
  for (const session of sessions.values()) checkDirty(session, deeds);
  const dirty = [...sessions.values()].flatMap(({ info }) => (info.dirty ? info.sessionId : []));
  assert.deepEqual((await store.dirtySessions()).toSorted(), dirty.toSorted());
  return { acts: deeds.length, messages, posts };
}

/** An act with the places of its begin and end in the log. */
interface Deed {
  readonly act: Act;
  readonly began: number;
  readonly ended: number;
  readonly result?: Result;
}

function deedsOf(records: readonly LoadRecord[]): readonly Deed[] {
  const deeds = new Map<string, Deed>();
  for (const [index, line] of records.entries()) {
    if ("began" in line) deeds.set(line.n, { act: line.began, began: index, ended: Infinity });
    if (!("ended" in line)) continue;
    const deed = deeds.get(line.n);
    assert.ok(deed, `Act ${line.n} ended without a begin`);
    deeds.set(line.n, { ...deed, ended: index, result: line.ended });
  }
  return [...deeds.values()];
}

interface Contents {
  readonly info: SessionInfo;
  readonly journal: readonly JournalRecord[];
  readonly inbox: readonly InboxItem[];
  readonly posts: readonly StoredPost[];
}

async function readAll(store: Store): Promise<ReadonlyMap<string, Contents>> {
  const all = new Map<string, Contents>();
  for (const info of await store.sessions({ limit: 1_000_000 })) {
    const { sessionId } = info;
    const journal = await store.readJournal(sessionId, { after: 0 });
    const inbox = await store.readInbox(sessionId, { after: 0 });
    all.set(sessionId, { info, journal, inbox, posts: await store.posts(sessionId) });
  }
  return all;
}

type Sessions = ReadonlyMap<string, Contents>;

/** Every acknowledged message is in an inbox or a journal, and none is there twice. */
function checkMessages(acknowledged: readonly Deed[], sessions: Sessions): number {
  const places = new Map<string, string>();
  for (const [sessionId, { journal, inbox }] of sessions) {
    const read = journal.flatMap(({ entry }) => (entry.type === "message" ? entry.message.id : []));
    for (const id of [...read, ...inbox.map(({ message }) => message.id)]) {
      assert.ok(!places.has(id), `Message ${id} is there twice`);
      places.set(id, sessionId);
    }
  }
  for (const { act, result } of acknowledged) {
    if (act.type !== "accept") continue;
    const place = places.get(act.messageId);
    assert.ok(place !== undefined, `Message ${act.messageId} (${result}) is lost`);
    if (result === "accepted") assert.equal(place, act.sessionId);
  }
  return places.size;
}

/** Every journal is dense, every acknowledged append is where it said, and none was written twice. */
function checkJournals(acknowledged: readonly Deed[], sessions: Sessions): void {
  for (const [sessionId, { journal }] of sessions) {
    const seqs = journal.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      [...seqs.keys()].map((index) => index + 1),
      `Gap in ${sessionId}`,
    );
    const notes = journal.flatMap(({ entry }) => (entry.type === "note" ? entry.text : []));
    assert.equal(new Set(notes).size, notes.length, `An append to ${sessionId} is there twice`);
  }
  for (const { act, result } of acknowledged) {
    if (act.type !== "append") continue;
    const { sessionId, after, messages, note } = act;
    const written = sessions.get(sessionId)?.journal.slice(after, Number(result)) ?? [];
    const marks = written.map(({ entry }) =>
      entry.type === "message" ? entry.message.id : entry.type === "note" && entry.text,
    );
    assert.deepEqual(marks, [...messages, note], `An append to ${sessionId} is lost`);
  }
}

/** Every acknowledged post is there once, what was settled stays so, and the platform got each once, in order. */
function checkPosts(
  acknowledged: readonly Deed[],
  sessions: Sessions,
  records: readonly LoadRecord[],
): number {
  const stored = new Map<string, StoredPost>();
  for (const post of [...sessions.values()].flatMap(({ posts }) => posts)) {
    assert.ok(!stored.has(post.post.key), `Post ${post.post.key} is there twice`);
    stored.set(post.post.key, post);
  }
  for (const { act, result } of acknowledged) {
    for (const key of act.type === "append" ? act.posts : []) {
      assert.ok(stored.has(key), `Post ${key} is lost`);
    }
    if (act.type === "settle" && result === true) {
      assert.equal(stored.get(act.key)?.messageId, `X ${act.key}`);
    }
  }
  const received = records.flatMap((line) => ("received" in line ? line : []));
  const keys = new Set(received.map((line) => line.received));
  assert.equal(keys.size, received.length, "A post reached the platform twice");
  for (const { post, state } of stored.values()) {
    if (state === "sent") assert.ok(keys.has(post.key), `Post ${post.key} was never sent`);
  }
  for (const sessionId of sessions.keys()) {
    const order = received.flatMap((line) => (line.sessionId === sessionId ? line.received : []));
    assert.deepEqual(order, order.toSorted(), `Posts of ${sessionId} out of order`);
  }
  return stored.size;
}

function checkEpochs(acknowledged: readonly Deed[]): void {
  const latest = new Map<string, number>();
  for (const { act, result } of acknowledged) {
    if (act.type !== "lease" || typeof result !== "number") continue;
    const before = latest.get(act.sessionId) ?? 0;
    assert.ok(result > before, `Epoch ${result} of ${act.sessionId} after ${before}`);
    latest.set(act.sessionId, result);
  }
}

/** Clean after a release that nothing followed, dirty after a message or lease that no release followed. */
function checkDirty({ info }: Contents, deeds: readonly Deed[]): void {
  const own = deeds.filter(({ act }) => act.sessionId === info.sessionId);
  const cleaning = own.filter(({ act }) => act.type === "release" && act.done);
  const dirtying = own.filter(
    ({ act, result }) =>
      (act.type === "accept" && result !== "duplicate") ||
      (act.type === "lease" && result !== "none"),
  );
  const mustBeClean = cleaning.some(
    ({ began, result }) => result === "released" && dirtying.every(({ ended }) => ended < began),
  );
  const mustBeDirty = dirtying.some(
    ({ began, result }) => result !== undefined && cleaning.every(({ ended }) => ended < began),
  );
  if (mustBeClean) assert.equal(info.dirty, false, `${info.sessionId} was released`);
  if (mustBeDirty) assert.equal(info.dirty, true, `${info.sessionId} was not released`);
  if (info.unread > 0) assert.equal(info.dirty, true, `${info.sessionId} has unread messages`);
}
