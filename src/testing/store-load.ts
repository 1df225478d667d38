import { setTimeout } from "node:timers/promises";

import { isOpsthreadError } from "../core/errors.ts";
import { sessionIdOf, type ThreadRef } from "../core/ids.ts";
import type { Lease, PostClaim, Store } from "../store/store.ts";
import { seededRandom } from "./random.ts";
import { sampleMessage, sampleNote, samplePost, sampleRead, sampleThread } from "./samples.ts";
import type { Act, LoadRecord, Result } from "./store-record.ts";

export interface LoadOptions {
  readonly store: Store;
  readonly seed: number;
  /** Tells one run of the load from the others on the same data. */
  readonly round: number;
  /** What the earlier rounds recorded. */
  readonly records: readonly LoadRecord[];
  /** Keeps a record so that it survives the end of the process. */
  readonly record: (record: LoadRecord) => void;
  /** How long leases and claims live. */
  readonly ttlMs: number;
  /** Say nothing new, and end when all work is done; else go on until the process ends. */
  readonly finish?: boolean;
}

/**
 * Uses a store as a bot does, from several sides at once: messages are accepted, turns run, posts are sent. Each act
 * is recorded when it begins and when the store acknowledged it. To be killed at any moment, and checked by
 * {@link checkStore}.
 */
export async function loadStore(options: LoadOptions): Promise<void> {
  const { store, seed, round, records, record, ttlMs, finish = false } = options;
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T | undefined =>
    items[Math.floor(random() * items.length)];
  const threads = Array.from({ length: 8 }, (_, index) => sampleThread(`T${index}`));
  const threadOf = new Map(threads.map((thread) => [sessionIdOf(thread), thread]));
  const received = new Set(records.flatMap((line) => ("received" in line ? line.received : [])));
  const lastSeqs = new Map<string, number>();
  let acts = 0;

  const isDone = async (): Promise<boolean> =>
    finish &&
    (await store.sessions({ limit: threads.length })).every(({ dirty }) => !dirty) &&
    (await store.nextPostAt()) === undefined;
  await Promise.all([
    ...(finish ? [] : [again(speak)]),
    ...["a", "b", "c"].map((holder) => again(async () => await turn(`${round}${holder}`))),
    again(deliverNext),
  ]);

  async function again(work: () => Promise<void>): Promise<void> {
    while (!(await isDone())) {
      await work();
      await pause();
    }
  }

  /** Models and platforms take their time: that is when a kill finds leases and claims open. */
  async function pause(): Promise<void> {
    await setTimeout(random() * 4);
  }

  /** Records an act around doing it. */
  async function act<T>(
    began: Act,
    work: () => Promise<T>,
    ended: (value: T) => Result,
  ): Promise<T> {
    acts += 1;
    const n = `${round}.${acts}`;
    record({ n, began });
    const value = await work();
    record({ n, ended: ended(value) });
    return value;
  }

  async function speak(): Promise<void> {
    const thread = pick(threads) ?? sampleThread("T0");
    // Now and then a repeat, of this round or an earlier one.
    const messageId =
      random() < 0.2
        ? `M${Math.floor(random() * (round + 1))}.${Math.floor(random() * 100)}`
        : `M${round}.${acts}`;
    const sessionId = sessionIdOf(thread);
    await act(
      { type: "accept", sessionId, messageId },
      () => store.accept(sampleMessage(messageId, thread), { opens: true }),
      ({ status }) => status,
    );
  }

  async function turn(holder: string): Promise<void> {
    // Now and then a session that may be clean, as after a second wake.
    const sessionId = pick(random() < 0.9 ? await store.dirtySessions() : [...threadOf.keys()]);
    const thread = threadOf.get(sessionId ?? "");
    if (sessionId === undefined || thread === undefined) return;
    const lease = await act(
      { type: "lease", sessionId },
      () => store.lease(sessionId, { holder, ttlMs }),
      (granted) => granted?.epoch ?? "none",
    );
    if (lease === undefined) return;
    try {
      while (!(await step(lease, thread)));
    } catch (error) {
      // Fenced: somebody slow lost its lease. That's what it is for.
      if (!isOpsthreadError(error, "STORE_FENCED")) throw error;
    }
  }

  /** Reads the inbox, writes the journal, and tries to release. True when the turn is over. */
  async function step(lease: Lease, thread: ThreadRef): Promise<boolean> {
    const { sessionId } = lease;
    const known = lastSeqs.get(sessionId) ?? 0;
    const after = (await store.readJournal(sessionId, { after: known })).at(-1)?.seq ?? known;
    const inbox = await store.readInbox(sessionId, { after: 0 });
    const messages = inbox.map(({ message }) => message.id);
    const note = `note ${round}.${acts}`;
    const posts = inbox.length > 0 ? [`${sessionId}.${String(after).padStart(9, "0")}`] : [];
    const append = {
      after,
      entries: [...inbox.map(({ message }) => sampleRead(message)), sampleNote(note)],
      posts: posts.map((key) => samplePost(key, thread)),
      inboxThrough: inbox.at(-1)?.seq ?? 0,
      ...(random() < 0.5 && { claim: { holder: `${round}p`, ttlMs } }),
    };
    const { seq, claim } = await act(
      { type: "append", sessionId, after, messages, note, posts },
      () => store.append(lease, append),
      (appended) => appended.seq,
    );
    lastSeqs.set(sessionId, seq);
    if (random() < 0.1) await store.append(lease, append);
    await pause();
    if (claim) await deliver(claim);
    const done = random() < 0.9;
    const released = await act(
      { type: "release", sessionId, done },
      () => store.release(lease, { done }),
      (result) => result,
    );
    return released !== "inbox-not-empty";
  }

  async function deliverNext(): Promise<void> {
    const claim = await store.claimPost({ holder: `${round}p`, ttlMs });
    if (claim !== undefined) await deliver(claim);
  }

  async function deliver(claim: PostClaim): Promise<void> {
    await pause();
    const { key, sessionId } = claim.post;
    // As a platform that can be asked: only an ambiguous claim looks before it sends.
    const isThere = claim.ambiguous && received.has(key);
    if (!isThere && random() < 0.1) return await retry(claim);
    if (!isThere) {
      received.add(key);
      record({ received: key, sessionId });
      await pause();
    }
    await act(
      { type: "settle", sessionId, key },
      () => store.settlePost(claim, { type: "sent", messageId: `X ${key}` }),
      (left) => left !== "lost",
    );
  }

  async function retry(claim: PostClaim): Promise<void> {
    await store.settlePost(claim, { type: "retry", notBefore: 0, ambiguous: false, error: "429" });
  }
}
