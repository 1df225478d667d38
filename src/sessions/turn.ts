import type { Adapter } from "../adapters/adapter.ts";
import { type BudgetLimits, createBudget } from "../agent/budget.ts";
import { runLoop } from "../agent/loop.ts";
import type { Model } from "../agent/model.ts";
import type { Tool, ToolSession } from "../agent/tool.ts";
import { Stopped } from "../core/abort.ts";
import type { Clock } from "../core/clock.ts";
import { isOpsthreadError, messageOf } from "../core/errors.ts";
import { stableKey, type ThreadRef } from "../core/ids.ts";
import type { JournalEntry, TurnOutcome } from "../core/journal.ts";
import type { Logger } from "../core/logger.ts";
import type { Post } from "../core/post.ts";
import type { SandboxProvider, SandboxSpec } from "../sandbox/sandbox.ts";
import type { Blobs } from "../store/blobs.ts";
import type { InboxItem, Store } from "../store/store.ts";
import type { Control } from "./control.ts";
import { takeMessages } from "./intake.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { Fact, Session } from "./session.ts";
import { createWorkspace, type Redactor } from "./workspace.ts";

/**
 * What becomes of a message that arrives while a turn runs: given to the model before its next step, kept for the
 * next turn, or the running turn is ended and a new one begun.
 */
export type Mode = "steer" | "queue" | "interrupt";

/** What turns run with, the same for every session. */
export interface TurnOptions {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly sandboxes: SandboxProvider;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly model: Model;
  readonly instructions: string;
  readonly tools: readonly Tool[];
  readonly sandbox: Omit<SandboxSpec, "sessionId">;
  readonly budget: BudgetLimits;
  readonly mode: (thread: ThreadRef) => Mode;
  readonly maxAttachmentBytes: number;
  /** A turn that so many processes took up and none finished is given up. */
  readonly maxAttempts: number;
  readonly redactor: Redactor;
  readonly control: Control;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Runs one turn of a session that this process holds the lease of: the one that a crash left open, or a new one if there
 * are unread messages. Ends it in one write with the post that tells its result.
 * @throws {Stopped} by `shutdown` or `lease-lost`; the turn stays open for whoever comes next
 * @throws {OpsthreadError} `STORE_FENCED` when the lease went without notice
 */
export async function runTurn(
  session: Session,
  options: TurnOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const unread = await options.store.readInbox(session.id, { after: 0 });
  if (!session.open && unread.length === 0) return;
  await session.record([{ type: "turn-started", epoch: session.lease.epoch }]);
  if (unread.some(({ message }) => message.kind === "stop"))
    return stopTurn(session, options.store);

  const adapter = options.adapters.get(session.thread.platform);
  if (!adapter)
    return failTurn(session, options, `platform "${session.thread.platform}" is not configured`);
  if ((session.open?.attempts ?? 0) > options.maxAttempts)
    return failTurn(
      session,
      options,
      `it was begun ${options.maxAttempts} times and never came to an end`,
    );

  const ending = new AbortController();
  const passOn = (): void => ending.abort(signal.reason);
  signal.addEventListener("abort", passOn, { once: true });
  if (signal.aborted) passOn();
  const inbox = watchInbox(session, options, ending);
  const { clock, log, blobs, sandboxes, redactor } = options;
  const workspace = createWorkspace({
    spec: { ...options.sandbox, sessionId: session.id },
    turn: session.turn,
    sandboxes,
    blobs,
    redactor,
    signal: ending.signal,
  });
  try {
    await using progress = createProgress({
      adapter,
      thread: session.thread,
      key: stableKey("progress", session.id, session.turn),
      clock,
      log,
    });
    const { signal: turnSignal } = ending;
    await answer(session, options, { adapter, workspace, progress, inbox, signal: turnSignal });
  } catch (error) {
    await settle(session, options, ending.signal.aborted ? ending.signal.reason : error);
  } finally {
    inbox.unwatch();
    signal.removeEventListener("abort", passOn);
    await workspace.close();
  }
}

/** Runs the loop, journals what it says before it goes on, and ends the turn with its answer. */
async function answer(
  session: Session,
  options: TurnOptions,
  {
    adapter,
    workspace,
    progress,
    inbox,
    signal,
  }: {
    readonly adapter: Adapter;
    readonly workspace: ToolSession;
    readonly progress: Progress;
    readonly inbox: InboxWatch;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { store, clock, redactor, maxAttachmentBytes } = options;
  const steers = options.mode(session.thread) === "steer";
  const open = session.open;
  if (!open) throw new RangeError(`Cannot run a turn of "${session.id}": none is open`);
  progress.show("Working on it …");
  const loop = runLoop(
    {
      ...options,
      session: workspace,
      transcript: session.transcript,
      budget: createBudget(options.budget, open, clock),
      turn: session.turn,
      redact: (text) => redactor.text(text),
      onProgress: (text) => progress.show(redactor.text(text)),
      async steer() {
        if (open.messages > 0 && !steers) return;
        await takeMessages(session, { store, adapter, workspace, maxAttachmentBytes, signal });
        await inbox.look();
      },
    },
    { signal },
  );
  // The last step is written together with the end of the turn, so that no crash can come between answer and post.
  let lead: readonly JournalEntry[] = [];
  for await (const event of loop) {
    if (event.type === "text-delta") continue;
    if (event.type === "end")
      return endTurn(session, { ...event, text: redactor.text(event.text), lead });
    const { entry } = event;
    if (leavesOpen(entry, signal)) throw signal.reason;
    if (entry.type === "step" && entry.intents.length === 0) lead = [entry];
    else await session.record([], { lead: [entry] });
  }
}

/**
 * Whether a call was cut short because the turn goes on elsewhere. Its intent stays without a result then, and is settled
 * by its effect class where the turn is taken up.
 */
function leavesOpen(entry: JournalEntry, signal: AbortSignal): boolean {
  const moves =
    signal.reason instanceof Stopped && ["shutdown", "lease-lost"].includes(signal.reason.by);
  return moves && entry.type === "tool-result" && entry.result.status !== "ok";
}

/** Looks whether something in the inbox ends the running turn. The inbox decides, not the signal that it came. */
interface InboxWatch {
  look(): Promise<void>;
  unwatch(): void;
}

function watchInbox(
  session: Session,
  { store, control, mode, log }: TurnOptions,
  ending: AbortController,
): InboxWatch {
  const interrupts = mode(session.thread) === "interrupt";
  const look = async (): Promise<void> => {
    const unread = await store.readInbox(session.id, { after: 0 });
    if (unread.some(({ message }) => message.kind === "stop")) ending.abort(new Stopped("stop"));
    // Before the turn has read its own messages, newer ones are simply read with them.
    const begun = (session.open?.messages ?? 0) > 0;
    if (interrupts && begun && unread.length > 0) ending.abort(new Stopped("interrupt"));
  };
  const unwatch = control.watch(session.id, () => {
    look().catch((error: unknown) => {
      log.error({ sessionId: session.id, error: messageOf(error) }, "The inbox could not be read");
    });
  });
  return { look, unwatch };
}

async function settle(session: Session, options: TurnOptions, error: unknown): Promise<void> {
  if (error instanceof Stopped) {
    if (error.by === "stop") return stopTurn(session, options.store);
    if (error.by === "interrupt") return endTurn(session, { outcome: "interrupted", text: "" });
    throw error;
  }
  if (isOpsthreadError(error, "STORE_FENCED", "STORE_CORRUPT")) throw error;
  const data = { sessionId: session.id, turn: session.turn, error: messageOf(error) };
  options.log.error(data, "A turn failed");
  return failTurn(session, options, messageOf(error));
}

/** Takes everything up to the request to stop out of the inbox: what was asked before it is not begun any more. */
async function stopTurn(session: Session, store: Store): Promise<void> {
  const unread = await store.readInbox(session.id, { after: 0 });
  const stop = unread.find(({ message }) => message.kind === "stop");
  const taken = unread.filter(({ seq }) => stop && seq <= stop.seq);
  const busy = taken.length > 1 || (session.open?.messages ?? 0) > 0;
  const who = stop?.message.actor.name ?? stop?.message.actor.id ?? "someone";
  await endTurn(session, {
    outcome: "stopped",
    text: busy
      ? `Stopped, as ${who} asked. What was begun is not finished.`
      : "Nothing is running here.",
    unread: taken,
  });
}

/** Tells why the turn came to nothing. Messages that could not even be taken in count as answered by that. */
async function failTurn(
  session: Session,
  { store, redactor }: TurnOptions,
  why: string,
): Promise<void> {
  const nothingRead = session.open?.messages === 0;
  const unread = nothingRead ? await store.readInbox(session.id, { after: 0 }) : [];
  await endTurn(session, {
    outcome: "failed",
    text: redactor.text(
      `I could not finish this: ${why}. Nothing in this thread is lost; ask again to retry.`,
    ),
    unread,
  });
}

/** Writes, in one step: the end of the turn, the post that tells it, and the messages that are settled by it. */
async function endTurn(
  session: Session,
  {
    outcome,
    text,
    lead = [],
    unread = [],
  }: {
    readonly outcome: TurnOutcome;
    readonly text: string;
    readonly lead?: readonly JournalEntry[];
    readonly unread?: readonly InboxItem[];
  },
): Promise<void> {
  const { turn, open } = session;
  const post: Post = {
    key: stableKey("post", session.id, session.createdAt, turn),
    sessionId: session.id,
    thread: session.thread,
    turn,
    kind: postKinds[outcome],
    markdown: text,
    artifacts: outcome === "answered" || outcome === "asked" ? (open?.artifacts ?? []) : [],
  };
  const inboxThrough = unread.at(-1)?.seq;
  await session.record(
    [
      ...unread.map(({ message }): Fact => ({ type: "message", message, paths: [] })),
      { type: "turn-ended", outcome, text },
    ],
    {
      lead,
      posts: outcome === "interrupted" ? [] : [post],
      ...(inboxThrough !== undefined && { inboxThrough }),
    },
  );
}

const postKinds: Readonly<Record<TurnOutcome, Post["kind"]>> = {
  answered: "answer",
  asked: "question",
  stopped: "notice",
  interrupted: "notice",
  failed: "notice",
};
