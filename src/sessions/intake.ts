import { basename } from "node:path";

import type { Adapter } from "../adapters/adapter.ts";
import type { Guardrail } from "../agent/guardrail.ts";
import { Stopped } from "../core/abort.ts";
import type { Audit, AuditEvent } from "../core/audit.ts";
import type { Clock } from "../core/clock.ts";
import { isOpsthreadError, OpsthreadError } from "../core/errors.ts";
import { type GrantWord, grantWordOf } from "../core/grant-words.ts";
import type { Attachment, Message } from "../core/message.ts";
import type { Post } from "../core/post.ts";
import type { SandboxCapabilities } from "../sandbox/sandbox.ts";
import type { InboxItem, Store } from "../store/store.ts";
import type { Gate } from "./accept.ts";
import type { ApprovalCards } from "./approval-cards.ts";
import { settleWord } from "./approval.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { noticeOf } from "./ending.ts";
import { guardMessage } from "./guard-message.ts";
import { readUnread } from "./read-unread.ts";
import type { Fact, Session } from "./session.ts";
import { type TellSchedules, tellSchedules } from "./tell-schedules.ts";
import type { ApprovalPolicy } from "./widen.ts";
import type { Workspace } from "./workspace.ts";

export interface IntakeOptions {
  readonly store: Store;
  readonly adapter: Adapter;
  readonly workspace: Workspace;
  readonly checkpoints?: Checkpoints | undefined;
  readonly gate: Gate;
  readonly policy: ApprovalPolicy;
  readonly capabilities: SandboxCapabilities;
  readonly redact: (text: string) => string;
  readonly audit: Audit;
  readonly clock: Clock;
  /** Asked about each message; what they say is journalled with it, so that none is asked about twice. */
  readonly guardrails: readonly Guardrail[];
  readonly cards: ApprovalCards;
  readonly maxAttachmentBytes: number;
  /** What is said of a channel's schedules. */
  readonly schedules?: TellSchedules;
  readonly signal: AbortSignal;
  /** What was read of the inbox already; default: it is read. */
  readonly unread?: readonly InboxItem[];
}

/**
 * Moves the unread messages into the running turn, their attachments into the workspace first: a crash in between
 * only downloads again. What is said about grants is settled on the way, each by itself, since the next may depend on it.
 * @throws {Stopped} by `stop` when one of the messages asks to stop; nothing is taken then
 */
export async function takeMessages(session: Session, options: IntakeOptions): Promise<void> {
  const unread = await readUnread(session, options);
  if (unread.some(({ message }) => message.kind === "stop")) throw new Stopped("stop");
  let facts: Fact[] = [];
  let posts: Post[] = [];
  for (const [index, item] of unread.entries()) {
    const word = grantWordOf(item.message);
    if (word) {
      await settle(session, { ...item, word }, options);
      continue;
    }
    const taken = await bringIn(session, item.message, options);
    facts.push(...taken.facts);
    posts.push(...taken.posts);
    const next = unread[index + 1];
    if (next && !grantWordOf(next.message) && !taken.isBlocked) continue;
    await session.record(facts, { inboxThrough: item.seq, posts });
    if (taken.isBlocked) return;
    [facts, posts] = [[], []];
  }
}

async function settle(
  session: Session,
  { seq, message, word }: InboxItem & { readonly word: GrantWord },
  options: IntakeOptions,
): Promise<void> {
  const { store, workspace, audit, clock, redact } = options;
  const at = clock.now();
  const remembered = await store.remembered();
  const schedules =
    word.type === "schedules"
      ? await tellSchedules(session.thread, { word, message }, options)
      : undefined;
  const {
    facts,
    widens = false,
    remember = [],
    forget = [],
    reply,
    audit: event,
  } = settleWord(session, { word, message }, { ...options, schedules, now: at, remembered });
  const posts =
    reply === undefined
      ? []
      : [noticeOf(session, { text: redact(reply), parts: ["reply", message.id] })];
  await session.record([{ type: "message", message, paths: [] }, ...facts], {
    inboxThrough: seq,
    posts,
    remember,
    forget,
  });
  if (event) audit({ ...event, at, sessionId: session.id, turn: session.turn });
  // Also of one that can't be decided any more: its buttons stayed, or it was pressed as they went.
  const approvalId = word.type === "decide" ? decidedIn(facts, event) : undefined;
  if (approvalId !== undefined) options.cards.close(session, [approvalId]);
  // What is open was opened with other grants.
  if (widens) await workspace.close();
}

/** The approval that words were about. */
function decidedIn(facts: readonly Fact[], event: AuditEvent | undefined): string | undefined {
  for (const fact of facts) if (fact.type === "approval-decided") return fact.approvalId;
  return event?.event === "approval-refused" ? event.approvalId : undefined;
}

async function bringIn(
  session: Session,
  message: Message,
  options: IntakeOptions,
): Promise<{
  readonly facts: readonly Fact[];
  readonly posts: readonly Post[];
  /** It ends the turn; what came after it waits for the next one. */
  readonly isBlocked: boolean;
}> {
  // What a guardrail or a file does to the process must be counted as an attempt.
  if (options.guardrails.length + message.attachments.length > 0) await session.flush();
  const guarded = await guardMessage(session, message, options);
  if (guarded && guarded.type !== "replace") {
    const isBlocked = guarded.type === "stop";
    const text = `I was not given a message of ${message.actor.name ?? message.actor.id}: guardrail "${guarded.by}" rejected it: ${guarded.reason}`;
    const notice = noticeOf(session, {
      text: options.redact(text),
      parts: ["rejected", message.id],
    });
    const facts: readonly Fact[] = [{ type: "message", message, paths: [], guarded }];
    return { facts, posts: isBlocked ? [] : [notice], isBlocked };
  }
  const paths: string[] = [];
  const notes: Fact[] = [];
  for (const attachment of message.attachments) {
    const path = freePath(attachment.name, session.paths);
    try {
      await download(session, attachment, path, options);
      session.paths.add(path);
      paths.push(path);
    } catch (error) {
      if (!isOpsthreadError(error, ...unreadable)) throw error;
      notes.push({
        type: "note",
        text: oneLine(`Attachment "${attachment.name}": ${error.message}`),
      });
    }
  }
  await options.checkpoints?.carry(session, options.workspace, paths);
  const fact: Fact = { type: "message", message, paths, ...(guarded && { guarded }) };
  return { facts: [fact, ...notes], posts: [], isBlocked: false };
}

/** A file's name is anybody's choice, and must not look like further words of the harness. */
const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}]+/gu, " ").slice(0, 500);

const unreadable = ["ATTACHMENT_UNAVAILABLE", "ATTACHMENT_TOO_LARGE", "SANDBOX_QUOTA"] as const;

async function download(
  session: Session,
  attachment: Attachment,
  path: string,
  { adapter, workspace, maxAttachmentBytes, signal }: IntakeOptions,
): Promise<void> {
  const sandbox = await workspace.sandbox();
  const bytes = adapter.download(session.thread, attachment, { signal });
  await sandbox.files.write(path, limited(bytes, attachment, maxAttachmentBytes), { signal });
}

async function* limited(
  bytes: AsyncIterable<Uint8Array>,
  { name }: Attachment,
  limit: number,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > limit)
      throw new OpsthreadError(
        "ATTACHMENT_TOO_LARGE",
        `Cannot read attachment "${name}": it is larger than the limit of ${limit} bytes`,
        { data: { limit } },
      );
    yield chunk;
  }
}

/** A name that means nothing to a shell or a file system, and that no other attachment of the session has. */
function freePath(name: string, taken: ReadonlySet<string>): string {
  const safe = basename(name.replaceAll("\\", "/"))
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, "_")
    .replace(/^-+/, "_")
    .slice(-100);
  const usable = /^\.*$/.test(safe) ? "file" : safe;
  const dot = usable.indexOf(".", 1);
  const [stem, suffix] = dot < 0 ? [usable, ""] : [usable.slice(0, dot), usable.slice(dot)];
  for (let count = 1; ; count += 1) {
    const path = `attachments/${stem}${count === 1 ? "" : `-${count}`}${suffix}`;
    if (!taken.has(path)) return path;
  }
}
