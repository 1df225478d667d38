import type { Adapter } from "../adapters/adapter.ts";
import type { Agents } from "../agent/agent.ts";
import { type Budgets, createBudget, spentScope } from "../agent/budget.ts";
import { guardrailStopped } from "../agent/guardrail.ts";
import type { Prices } from "../agent/prices.ts";
import { runAgents } from "../agent/run-agents.ts";
import type { Tool, ToolSource } from "../agent/tool.ts";
import { linkedController, Stopped } from "../core/abort.ts";
import type { Audit } from "../core/audit.ts";
import type { Clock } from "../core/clock.ts";
import { isOpsthreadError, messageOf } from "../core/errors.ts";
import { stableKey, type ThreadRef } from "../core/ids.ts";
import type { JournalEntry } from "../core/journal.ts";
import type { Logger } from "../core/logger.ts";
import { failSpan, type Tracer } from "../core/trace.ts";
import type { SandboxSpec } from "../sandbox/sandbox.ts";
import type { Blobs } from "../store/blobs.ts";
import type { InboxItem, Store } from "../store/store.ts";
import type { Gate } from "./accept.ts";
import { agentOf } from "./agent-of.ts";
import type { ApprovalCards } from "./approval-cards.ts";
import { callApprovals } from "./call-approvals.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Control } from "./control.ts";
import { endTurn, failTurn, stopTurn } from "./ending.ts";
import { type InboxWatch, watchInbox } from "./inbox-watch.ts";
import { type IntakeOptions, takeMessages } from "./intake.ts";
import { filesOf } from "./kept-files.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { RestingSandboxes } from "./resting-sandboxes.ts";
import type { Session } from "./session.ts";
import { freeAgain, scopesOf } from "./spending.ts";
import type { TellSchedules } from "./tell-schedules.ts";
import { beginTurn } from "./trace-turn.ts";
import { openWorkspace, sandboxOf } from "./turn-workspace.ts";
import type { ApprovalPolicy } from "./widen.ts";
import type { Redactor, Workspace } from "./workspace.ts";

/**
 * What becomes of a message that arrives while a turn runs: given to the model before its next step, kept for the
 * next turn, or the running turn is ended and a new one begun.
 */
export type Mode = "steer" | "queue" | "interrupt";

/** What turns run with, the same for every session. */
export interface TurnOptions {
  readonly store: Store;
  readonly blobs: Blobs;
  /** Default: workspaces stay where they are. */
  readonly checkpoints?: Checkpoints | undefined;
  readonly sandboxes: RestingSandboxes;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly agents: Agents;
  /** Tools besides the agents' own, for all of them, asked for at the beginning of each turn. */
  readonly toolSource?: ToolSource;
  readonly sandbox: Omit<SandboxSpec, "sessionId" | "image">;
  /** The image that a thread's sandbox starts from. Default: the driver's own. */
  readonly image?: (thread: ThreadRef) => string | undefined;
  readonly gate: Gate;
  readonly policy: ApprovalPolicy;
  readonly cards: ApprovalCards;
  readonly audit: Audit;
  readonly budgets: Budgets;
  readonly prices: Prices;
  readonly mode: (thread: ThreadRef) => Mode;
  readonly maxAttachmentBytes: number;
  /** A turn that so many processes took up and none finished is given up. */
  readonly maxAttempts: number;
  readonly redactor: Redactor;
  readonly control: Control;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: nobody watches. */
  readonly tracer?: Tracer;
  /** What is said of a channel's schedules. Default: that there are none. */
  readonly schedules?: TellSchedules;
}

/**
 * Runs one turn of a session that this process holds the lease of: the one that a crash left open, or a new one if there
 * are unread messages. Ends it in one write with the post that tells its result, and tells whether a sandbox was used.
 * @throws {Stopped} by `shutdown` or `lease-lost`; the turn stays open for whoever comes next
 * @throws {OpsthreadError} `STORE_FENCED` when the lease went without notice
 */
export async function runTurn(
  session: Session,
  options: TurnOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly usedSandbox: boolean }> {
  const unread = await options.store.readInbox(session.id, { after: 0 });
  if (!session.open && unread.length === 0) return { usedSandbox: false };
  const sandbox = sandboxOf(session, options);
  using traced = beginTurn(session, options, unread);
  const { epoch } = session.lease;
  session.hold([{ type: "turn-started", epoch, sandbox, ...traced.journalled }]);

  const adapter = options.adapters.get(session.thread.platform);
  const tooOften = (session.open?.attempts ?? 0) > options.maxAttempts;
  const isStop = unread.some(({ message }) => message.kind === "stop");
  if (adapter && !isStop && !tooOften)
    return await work(session, options, { adapter, unread, signal });
  // It shows nothing, but a process that was killed may have left its line.
  const progress = adapter && openProgress(session, options, adapter);
  const why = adapter
    ? `it was begun ${options.maxAttempts} times and never came to an end`
    : `platform "${session.thread.platform}" is not configured`;
  await (isStop ? stopTurn(session, options) : failTurn(session, options, why));
  await progress?.[Symbol.asyncDispose]();
  return { usedSandbox: false };
}

function openProgress(session: Session, options: TurnOptions, adapter: Adapter): Progress {
  const { thread, id, turn, open } = session;
  const isTakenUp = (open?.attempts ?? 0) > 1;
  return createProgress({
    ...options,
    adapter,
    thread,
    key: stableKey("progress", id, turn),
    isTakenUp,
  });
}

async function work(
  session: Session,
  options: TurnOptions,
  {
    adapter,
    unread,
    signal,
  }: {
    readonly adapter: Adapter;
    readonly unread: readonly InboxItem[];
    readonly signal: AbortSignal;
  },
): Promise<{ readonly usedSandbox: boolean }> {
  using linked = linkedController(signal);
  const ending = linked.controller;
  const inbox = watchInbox(session, options, ending);
  const workspace = openWorkspace(session, options, { signal: ending.signal });
  let cameToItsEnd = false;
  try {
    if (options.checkpoints) {
      await session.flush();
      await options.checkpoints.bring(session, workspace, { signal: ending.signal });
    }
    await using progress = openProgress(session, options, adapter);
    await answer(session, options, { adapter, unread, workspace, progress, inbox, ending });
    cameToItsEnd = true;
  } catch (error) {
    await settle(session, options, ending.signal.aborted ? ending.signal.reason : error);
  } finally {
    inbox.unwatch();
    // What runs goes on where the turn does. One that was stopped or has failed leaves nothing running.
    await (session.open ? workspace.detach() : cameToItsEnd ? workspace.rest() : workspace.close());
  }
  return { usedSandbox: workspace.used };
}

/** Runs the loop, journals what it says before it goes on, and ends the turn with its answer. */
async function answer(
  session: Session,
  options: TurnOptions,
  {
    adapter,
    unread,
    workspace,
    progress,
    inbox,
    ending,
  }: {
    readonly adapter: Adapter;
    /** What this turn was begun for. */
    readonly unread: readonly InboxItem[];
    readonly workspace: Workspace;
    readonly progress: Progress;
    readonly inbox: InboxWatch;
    readonly ending: AbortController;
  },
): Promise<void> {
  const { clock, redactor } = options;
  const { signal } = ending;
  const { capabilities } = options.sandboxes;
  const steers = options.mode(session.thread) === "steer";
  const open = session.open;
  if (!open) throw new RangeError(`Cannot run a turn of "${session.id}": none is open`);
  const redact = (text: string): string => redactor.text(text);
  const { agents, store, gate, policy, cards, audit, maxAttachmentBytes, checkpoints } = options;
  const { schedules } = options;
  const checks = {
    checkpoints,
    gate,
    policy,
    cards,
    capabilities,
    redact,
    audit,
    clock,
    maxAttachmentBytes,
    ...(schedules && { schedules }),
  };
  const take = async (first?: Pick<IntakeOptions, "unread">): Promise<void> => {
    if (open.messages > 0 && (!steers || !session.unread)) return;
    const { guardrails } = agentOf(session, options);
    const reach = { store, adapter, workspace, signal };
    await takeMessages(session, { ...checks, ...reach, ...first, guardrails });
    if (open.blocked) throw guardrailStopped(open.blocked);
    await inbox.look();
  };
  if (open.messages === 0) await take({ unread });
  await session.flush();
  // Before a crash, it seems: else the turn would be over.
  if (open.blocked) throw guardrailStopped(open.blocked);
  // Nothing was said to the model: it has nothing to answer.
  if (open.asks === 0) return endTurn(session, options, { outcome: "told", text: "" });
  const scopes = scopesOf(session, options);
  // One that has begun gets its last answer.
  const gone = open.steps === 0 ? await spentScope(scopes) : undefined;
  if (gone) {
    const text = `I did not begin this: ${gone.text}. ${freeAgain(gone.scope, clock.now())}`;
    return endTurn(session, options, { outcome: "over-budget", text });
  }

  const { name } = agentOf(session, options);
  progress.show(agents.byName.size > 1 ? `${name}: working on it …` : "Working on it …");
  const loop = runAgents(
    {
      ...options,
      agents: agents.byName,
      agent: name,
      thread: session.thread,
      handoffs: open.handoffs.length,
      offered: await offeredTo(session, options, { workspace, signal }),
      session: workspace,
      transcript: session.transcript,
      approvals: callApprovals(session, options),
      budget: createBudget({ limits: options.budgets.turn, spent: open, scopes, clock }),
      turn: session.turn,
      redact,
      onProgress: (text) => progress.show(redact(text)),
      steer: () => take(),
      span: session.span,
      unchecked: () => [...open.unchecked],
    },
    { signal },
  );
  // The last step is written together with the end of the turn, so that no crash can come between answer and post.
  let lead: readonly JournalEntry[] = [];
  for await (const event of loop) {
    if (event.type === "text-delta") continue;
    if (event.type === "end") return endTurn(session, options, { ...event, lead });
    const { entry } = event;
    if (leavesOpen(entry, signal)) throw signal.reason;
    if (entry.type === "step" && entry.intents.length === 0) {
      lead = [entry];
      continue;
    }
    await checkpoints?.carry(session, workspace, filesOf(entry));
    await write(session, [...lead, entry], { ending, audit: options.audit });
    lead = [];
    // The notice that something came in may have been lost on its way between processes.
    await inbox.look();
  }
}

/** Further tools of this turn. What the model has to know of those that are missing is journalled as a note. */
async function offeredTo(
  session: Session,
  { toolSource, image }: TurnOptions,
  { workspace, signal }: { readonly workspace: Workspace; readonly signal: AbortSignal },
): Promise<readonly Tool[]> {
  if (!toolSource) return [];
  const from = image?.(session.thread);
  const turn = { signal, ...(from !== undefined && { image: from }) };
  const { tools, notes } = await toolSource.offer(workspace, turn);
  if (notes.length > 0) await session.record(notes.map((text) => ({ type: "note", text })));
  return tools;
}

/** Journals what the loop did. Where another worker owns the session, what still runs is that one's from here on. */
async function write(
  session: Session,
  entries: readonly JournalEntry[],
  { ending, audit }: { readonly ending: AbortController; readonly audit: Audit },
): Promise<void> {
  try {
    await session.record([], { lead: entries });
  } catch (error) {
    if (isOpsthreadError(error, "STORE_FENCED")) ending.abort(new Stopped("lease-lost"));
    throw error;
  }
  for (const entry of entries) {
    const { at, turn } = entry;
    const about = { at, turn, sessionId: session.id };
    if (entry.type === "approval-requested") {
      const { approvalId, request } = entry;
      audit({ event: "approval-requested", grant: { approvalId, request }, ...about });
    }
    if (entry.type !== "approved-call") continue;
    const { approvalId, intent } = entry;
    const request = session.grants.find(approvalId)?.request;
    const { executionId } = intent;
    if (request)
      audit({ event: "approved-call", grant: { approvalId, request }, executionId, ...about });
  }
}

/**
 * Whether a call was cut short because the turn goes on elsewhere. Its intent stays without a result then, and is settled
 * by its effect class where the turn is taken up.
 */
function leavesOpen(entry: JournalEntry, signal: AbortSignal): boolean {
  const moves =
    signal.reason instanceof Stopped && ["shutdown", "lease-lost"].includes(signal.reason.by);
  const did = entry.type === "nested" ? entry.entry : entry;
  return moves && did.type === "tool-result" && ["stopped", "unknown"].includes(did.result.status);
}

async function settle(session: Session, options: TurnOptions, error: unknown): Promise<void> {
  if (error instanceof Stopped) {
    if (error.by === "stop") return stopTurn(session, options);
    if (error.by === "interrupt")
      return endTurn(session, options, { outcome: "interrupted", text: "" });
    throw error;
  }
  if (isOpsthreadError(error, "STORE_FENCED", "STORE_CORRUPT", "STORE_UNAVAILABLE")) throw error;
  const data = { sessionId: session.id, turn: session.turn, error: messageOf(error) };
  options.log.error(data, "A turn failed");
  failSpan(session.span, error);
  return failTurn(session, options, messageOf(error));
}
