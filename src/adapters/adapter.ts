import type { ApprovalChoice } from "../core/access-request.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Actor, Attachment, Message } from "../core/message.ts";
import type { Artifact, Post } from "../core/post.ts";

/**
 * A chat platform driver. It turns platform events into {@link Message}s, and {@link Post}s into platform messages.
 * It decides nothing: who may speak is the gate's answer, what is stored is the store's.
 * Not in the contract: threads' creation (posting into a thread that is not there yet creates it), queues, retries.
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
   * Shows or replaces the one live progress line of a turn; undefined text takes it away. Best effort: a lost or
   * late progress line is no error, and it never stands in for an answer.
   */
  showProgress(
    thread: ThreadRef,
    progress: { readonly key: string; readonly markdown: string | undefined },
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /**
   * Shows who decided what in the place of an approval's buttons. Best effort, and never rejects: what was decided holds,
   * and a press that comes later is told so. Absent where there are no buttons.
   */
  closeApproval?(
    thread: ThreadRef,
    decided: ApprovalDecided,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
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

/** What became of an approval. */
export interface ApprovalDecided {
  /** Of the post that asked. */
  readonly key: string;
  readonly choice: ApprovalChoice;
  /** The person, by id. */
  readonly by: { readonly id: string; readonly name?: string | undefined };
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
