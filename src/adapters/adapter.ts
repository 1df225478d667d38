import type { ApprovalChoice } from "../core/access-request.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Actor, Attachment, Message } from "../core/message.ts";
import type { Artifact, Post } from "../core/post.ts";

/** What a turn shows of itself. */
export interface ProgressUpdate {
  /** The turn's, in whichever process it runs. */
  readonly key: string;
  /** Undefined takes the line away. */
  readonly markdown: string | undefined;
  /** Another process ran the turn before and may have been killed: a line that it left is replaced, or taken away. */
  readonly isTakenUp?: boolean;
}

/**
 * A chat platform driver. It turns platform events into {@link Message}s, and {@link Post}s into platform messages.
 * It decides nothing: who may speak is the gate's answer, what is stored is the store's.
 * Not in the contract: queues, retries, and the creation of threads that a message begins (posting into one that is not there
 * yet creates it).
 */
export interface Adapter extends AsyncDisposable {
  /** The first part of every thread id, such as `slack`. */
  readonly platform: string;
  /**
   * Connects and begins to deliver events. Each event is acknowledged to the platform only after `receive`
   * resolved; when `receive` rejects it is not acknowledged, so that the platform delivers it again.
   */
  start(inbound: Inbound): Promise<void>;
  /**
   * Sends one post, with its artifacts, into its thread.
   * @throws {OpsthreadError} `ADAPTER_POST_FAILED` (not taken, may be sent again), `ADAPTER_RATE_LIMITED`
   * (`data.retryAfterMs`), `ADAPTER_POST_REJECTED` (never will be) or `ADAPTER_POST_UNKNOWN` (may have been taken).
   * Anything else counts as unknown.
   */
  post(
    post: Post,
    options: { readonly signal: AbortSignal; readonly open: OpenArtifact },
  ): Promise<{ readonly messageId: string }>;
  /** Looks in the thread for a post that carries `key`. Undefined means that it surely is not there. */
  findPost(
    thread: ThreadRef,
    key: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly messageId: string } | undefined>;
  /**
   * Begins a thread in a channel that nobody began, by a first message. Absent where that can't be.
   * @throws {OpsthreadError} as {@link Adapter.post} does
   */
  openThread?(
    opening: ThreadOpening,
    options: { readonly signal: AbortSignal },
  ): Promise<ThreadRef>;
  /**
   * Shows or replaces the one live progress line of a turn; undefined text takes it away. Best effort: a lost or
   * late progress line is no error, and it never stands in for an answer.
   */
  showProgress(
    thread: ThreadRef,
    progress: ProgressUpdate,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /**
   * Shows what became of an approval in the place of its buttons. Best effort, and never rejects: what is on record holds,
   * and a press that comes later is told so. It may be told of the same one again, and of one that is not posted. Absent
   * where there are no buttons.
   */
  closeApproval?(
    thread: ThreadRef,
    outcome: ApprovalOutcome,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /**
   * What a person is called, for models and threads to read. Best effort: it waits for a moment only, and never rejects.
   * Absent where messages come with names.
   */
  nameOf?(
    thread: ThreadRef,
    actorId: string,
    options: { readonly signal: AbortSignal },
  ): Promise<string | undefined>;
  /**
   * The bytes of an attachment.
   * @throws {OpsthreadError} `ATTACHMENT_UNAVAILABLE`
   */
  download(
    thread: ThreadRef,
    attachment: Attachment,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array>;
}

/** A thread to be begun. */
export interface ThreadOpening {
  readonly channel: Omit<ThreadRef, "thread">;
  /** The same whenever the same thread is to be begun. */
  readonly key: string;
  /** What the thread is called, where threads have names. */
  readonly title: string;
  /** What its first message says, CommonMark. */
  readonly markdown: string;
  /** An earlier try, at this time or later, may have begun it: it is looked for first. Milliseconds since the epoch. */
  readonly since?: number;
}

/** What became of an approval; `key` is that of the post that asked. */
export type ApprovalOutcome = { readonly key: string } & (
  | { readonly type: "decided"; readonly choice: ApprovalChoice; readonly by: Person }
  /** Somebody asked to stop; without `by`, the turn that asked did not come to its end. */
  | { readonly type: "withdrawn"; readonly by?: Person }
  /** Nobody answered in time. */
  | { readonly type: "expired" }
);

/** By id. */
export interface Person {
  readonly id: string;
  readonly name?: string | undefined;
}

/** Opens the bytes of an artifact; undefined when retention removed them. */
export type OpenArtifact = (artifact: Artifact) => Promise<AsyncIterable<Uint8Array> | undefined>;

/** Where an adapter hands its events in. */
export interface Inbound {
  receive(message: Message): Promise<Received>;
  /** A person changed or deleted a message. What a turn has read already stays as it was read: then it is `ignored`. */
  revise(revision: Revision): Promise<Received>;
  /**
   * Whether somebody may use the bot in a channel: for adapters that have to do something before there is a message, such
   * as opening its thread. receive() judges again.
   */
  check(
    asker: Asker,
  ): { readonly allowed: true } | { readonly allowed: false; readonly reason: string };
  /**
   * The threads of sessions, those that were used last first: for platforms that don't tell a bot where to look for what it
   * missed. Absent: none are known.
   */
  threads?(options: { readonly limit: number }): Promise<readonly ThreadRef[]>;
  /**
   * When what began a thread's session was said, by the platform's clock; undefined where there is none, or it began
   * otherwise. For platforms that tell a bot of what it missed: talk from before was among people. Absent: it is not known.
   */
  begunAt?(thread: ThreadRef): Promise<number | undefined>;
  /** What can be asked for by name. */
  readonly tasks: readonly { readonly name: string; readonly title: string }[];
}

/** A message as it is now, under its old id. */
export interface Revision {
  readonly id: string;
  readonly thread: ThreadRef;
  /** Undefined: it was deleted. */
  readonly message: Message | undefined;
}

export interface Asker {
  readonly actor: Actor;
  readonly thread: Pick<ThreadRef, "platform" | "workspace" | "channel">;
}

/**
 * What became of an event. `accepted` and `duplicate` are stored; `ignored` was not for the bot;
 * `denied` was refused by the gate, and the adapter tells the person `reason` in its platform's way.
 */
export type Received =
  | { readonly status: "accepted" | "duplicate" | "ignored" }
  | { readonly status: "denied"; readonly reason: string };
