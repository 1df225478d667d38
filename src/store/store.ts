import type { RememberedCall } from "../core/call-request.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { JournalEntry, JournalRecord } from "../core/journal.ts";
import type { Message } from "../core/message.ts";
import type { Post } from "../core/post.ts";
import type { ScheduleRecord } from "../core/schedule.ts";
import type { Spent } from "../core/spent.ts";

/**
 * The only durable truth of Opsthread. Terms:
 *
 * - inbox: messages of a session that no turn has read yet, in order of acceptance;
 * - journal: the append-only record of what a session did;
 * - outbox: posts that the platform has not confirmed yet, delivered in order per session;
 * - dirty: a session with work to do: unread messages, or a turn that has not released its lease;
 * - spend: what sessions used, added up by account (a channel, the whole bot) and day, UTC;
 * - schedule: its record says what it does, how it stands and what comes next; each write gives it the next version of all;
 * - lease: the exclusive, expiring right to advance a session. Its `epoch` grows with each grant, and
 *   each write under a lease compares it in the same atomic operation ("fenced").
 *
 * What an operation acknowledged survives the end of the process. Every operation is atomic.
 * Deliberately not here: large blobs (they are files, see {@link Blobs}), wake-ups (the queue's), reading
 * single journal entries, queries by content.
 */
export interface Store extends ScheduleStore, AsyncDisposable {
  /**
   * Puts a message into its session's inbox and marks the session dirty. A message whose id was accepted
   * before, in the same platform and workspace, changes nothing and reports `duplicate`.
   * With `opens: false` a message for a thread without a session changes nothing and reports `no-session`.
   */
  accept(message: Message, options: { readonly opens: boolean }): Promise<Accepted>;

  /**
   * Puts `message` in the place of the unread message with its id, in the same thread, or takes that out of the inbox
   * without `message`. The order of the inbox stays, the session stays dirty, and the id stays known. False, and nothing
   * changes, where no such message is unread. A turn that is reading the inbox at that moment may go on with what it read.
   */
  revise(revision: {
    readonly id: string;
    readonly thread: ThreadRef;
    readonly message: Message | undefined;
  }): Promise<boolean>;

  /**
   * Takes the lease, or returns undefined while another holder's is live or when there is no such session.
   * The latest lease granted and not given back is the current one, even after it expired: until another takes
   * over, nobody else has begun. A holder that asks again gets a new lease in place of its old one.
   */
  lease(
    sessionId: string,
    options: { readonly holder: string; readonly ttlMs: number },
  ): Promise<Lease | undefined>;
  /** Prolongs the lease to `ttlMs` from now. False when it is no longer the current one. */
  renew(lease: Lease, options: { readonly ttlMs: number }): Promise<boolean>;
  /**
   * Gives the lease back. With `done: true` the session becomes clean, but only if its inbox is empty: else
   * nothing changes and the result is `inbox-not-empty`. With `done: false` the session stays dirty.
   * A lease that is no longer the current one changes nothing and reports `lost`.
   */
  release(
    lease: Lease,
    options: { readonly done: boolean },
  ): Promise<"released" | "inbox-not-empty" | "lost">;

  /**
   * Writes, in one step: journal entries, posts into the outbox, which inbox messages are now read, what was spent,
   * and which approvals hold for all sessions from here on, or no more.
   * Repeating an append that is already there is harmless and spends nothing, and a post whose key is in the outbox already
   * is not put there again. With `claim` the first of the posts is claimed in the same step, as {@link claimPost} would.
   *
   * Accounts are of many sessions. Where they can't be in the same atomic step as a session, they may follow it: a crash in
   * between may lose what that one append spent, and never counts anything twice.
   * @throws {OpsthreadError} `STORE_FENCED` when the lease is not the current one, or the journal's last
   * sequence number is not `append.after`
   */
  append(lease: Lease, append: Append): Promise<Appended>;
  /** What all sessions have spent on each of these accounts, in their order. Kept for five weeks. */
  spent(accounts: readonly Account[]): Promise<readonly Spent[]>;
  /** The unread messages after inbox sequence number `after` (0: all), oldest first. */
  readInbox(sessionId: string, options: { readonly after: number }): Promise<readonly InboxItem[]>;
  /** The journal after sequence number `after` (0: all), oldest first. */
  readJournal(
    sessionId: string,
    options: { readonly after: number },
  ): Promise<readonly JournalRecord[]>;

  /** Approvals that hold for all sessions, oldest first. They outlive the session that they were given in. */
  remembered(): Promise<readonly RememberedCall[]>;

  /** Dirty sessions without a live lease, longest waiting first. */
  dirtySessions(): Promise<readonly string[]>;
  /** Sessions, most recently active first. */
  sessions(options: { readonly limit: number }): Promise<readonly SessionInfo[]>;
  session(sessionId: string): Promise<SessionInfo | undefined>;

  /**
   * Claims the oldest post of some session for sending: one that is due, has no unsent post before it in its
   * session and no live claim. Undefined when there is none.
   */
  claimPost(options: ClaimOptions): Promise<PostClaim | undefined>;
  /**
   * Ends a claim, and tells whether the session has posts left to send: `more`, or `none`. A claim that expired or was taken
   * over changes nothing and reports `lost`.
   * - `sent`: the platform has it as `messageId`;
   * - `retry`: try again at `notBefore`; `ambiguous` when the platform may have it already;
   * - `rejected`: the platform will never take it; the posts after it go on.
   */
  settlePost(claim: PostClaim, outcome: PostOutcome): Promise<"more" | "none" | "lost">;
  /** When the next unsent post is due or its claim expires, milliseconds since the epoch. */
  nextPostAt(): Promise<number | undefined>;
  /** The posts of a session, oldest first, with what became of them. */
  posts(sessionId: string): Promise<readonly StoredPost[]>;

  /**
   * Removes clean sessions without unsent posts that have been idle since before `idleBefore`; returns their ids.
   * The ids of their messages stay known for a week after acceptance, so that a late repeat opens nothing.
   */
  prune(options: { readonly idleBefore: number }): Promise<readonly string[]>;
}

/** What there is of schedules. A driver may let several processes have it where the rest of the store belongs to one. */
export interface ScheduleStore {
  /**
   * Records that were written after version `after` (0: all), in the order of their versions, `limit` at most. A removed one has
   * no record; it may be forgotten once a thousand later writes have followed.
   */
  schedules(options: {
    readonly after: number;
    readonly limit: number;
  }): Promise<readonly StoredSchedule[]>;
  /**
   * Writes or removes each record that still has the version that its writer knows. Returns, in their order, the new versions,
   * and undefined for each that has another one by now: of that nothing is written.
   */
  writeSchedules(writes: readonly ScheduleWrite[]): Promise<readonly (number | undefined)[]>;
}

export interface StoredSchedule {
  readonly id: string;
  /** Grows with each write, over all schedules. */
  readonly version: number;
  /** Undefined: it was removed. */
  readonly record: ScheduleRecord | undefined;
}

export interface ScheduleWrite {
  readonly id: string;
  /** The version that the writer knows; 0 where it knows of none, or of one that was removed. */
  readonly version: number;
  /** Undefined removes it. */
  readonly record: ScheduleRecord | undefined;
}

export interface Accepted {
  readonly status: "accepted" | "duplicate" | "no-session";
  readonly sessionId: string;
}

export interface Lease {
  readonly sessionId: string;
  readonly holder: string;
  readonly epoch: number;
  readonly thread: ThreadRef;
  /** When the session was opened, milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface Append {
  /** The journal's last sequence number as the writer knows it; 0 for an empty journal. */
  readonly after: number;
  readonly entries: readonly JournalEntry[];
  readonly posts?: readonly Post[];
  /** Claim the first of the posts, if it is new and no unsent one is before it. Default: none is claimed. */
  readonly claim?: ClaimOptions;
  /** Inbox messages up to and with this sequence number are read. */
  readonly inboxThrough?: number;
  /** What the work behind the entries took, once for each account that it counts for. */
  readonly spends?: readonly (Account & { readonly spent: Spent })[];
  /** Approvals that hold for all sessions from here on. */
  readonly remember?: readonly RememberedCall[];
  /** Ids of such approvals that no longer hold, whichever session they were given in. */
  readonly forget?: readonly string[];
}

export interface Appended {
  /** The journal's new last sequence number. */
  readonly seq: number;
  /** Whether there are unread messages. */
  readonly unread: boolean;
  /** Of the first of the posts, where it was asked for and given. */
  readonly claim?: PostClaim;
}

/** A day's account. */
export interface Account {
  readonly name: string;
  /** As in `2026-11-26`, UTC. */
  readonly day: string;
}

export interface InboxItem {
  readonly seq: number;
  readonly message: Message;
}

export interface SessionInfo {
  readonly sessionId: string;
  readonly thread: ThreadRef;
  readonly createdAt: number;
  readonly activeAt: number;
  readonly dirty: boolean;
  readonly unread: number;
}

export interface ClaimOptions {
  /** Names the process that is going to send. */
  readonly holder: string;
  /** How long nobody else may send, milliseconds. */
  readonly ttlMs: number;
}

export interface PostClaim {
  readonly post: Post;
  /** 1 for the first try. */
  readonly attempt: number;
  /** An earlier try may have reached the platform: look for the key there before sending again. */
  readonly ambiguous: boolean;
  readonly token: string;
}

export type PostOutcome =
  | { readonly type: "sent"; readonly messageId: string }
  | {
      readonly type: "retry";
      readonly notBefore: number;
      readonly ambiguous: boolean;
      readonly error: string;
    }
  | { readonly type: "rejected"; readonly error: string };

export interface StoredPost {
  readonly post: Post;
  readonly state: "waiting" | "sent" | "rejected";
  readonly attempts: number;
  readonly messageId?: string;
  readonly error?: string;
}
