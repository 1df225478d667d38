import type { Agents } from "../agent/agent.ts";
import type { JournalEntry } from "../core/journal.ts";
import { type Facts, noSpan, noTracer, type Tracer } from "../core/trace.ts";
import type { SandboxProvider } from "../sandbox/sandbox.ts";
import type { InboxItem } from "../store/store.ts";
import { agentNameOf } from "./agent-of.ts";
import type { Grants } from "./grants.ts";
import type { Session } from "./session.ts";

/**
 * The span of one attempt at a turn, linked to the arrivals of what it reads; disposing ends it. An attempt after a crash goes
 * on with the trace of the first one, which the journal has: the ids are the tracer's own, so that its sampling holds
 * for all of a turn, and no backend looks for a parent that nobody sent.
 */
export function beginTurn(
  session: Session,
  { tracer = noTracer, agents, sandboxes }: TurnTools,
  unread: readonly InboxItem[],
): Disposable & { readonly journalled: { readonly trace?: string } } {
  const { id, turn, thread, lease, open } = session;
  const agent = agentNameOf(session, { agents });
  const facts = {
    session: id,
    turn,
    platform: thread.platform,
    attempt: (open?.attempts ?? 0) + 1,
    epoch: lease.epoch,
    agent,
    model: agents.byName.get(agent)?.model.name,
    sandbox: sandboxes.name,
  };
  const links = unread.flatMap(({ message: { trace } }) => trace ?? []).slice(0, maxLinks);
  const span = tracer.start("turn", facts, { parent: open?.trace, links });
  session.span = span;
  return {
    journalled: span.traceparent === undefined ? {} : { trace: span.traceparent },
    [Symbol.dispose]() {
      if (session.open) span.set({ outcome: "left" });
      session.span = noSpan;
      span[Symbol.dispose]();
    },
  };
}

interface TurnTools {
  readonly tracer?: Tracer;
  readonly agents: Agents;
  readonly sandboxes: Pick<SandboxProvider, "name">;
}

/** Tells a turn's span what was journalled, as far as it has no span of its own. */
export function tellEntry({ span, grants, open }: Session, entry: JournalEntry): void {
  if (span === noSpan || haveSpans.has(entry.type)) return;
  if (entry.type !== "turn-ended") return span.event(entry.type, factsOf(entry, grants));
  const { steps, messages, usage, usd } = open ?? {};
  const cost = usd !== undefined && usd > 0 ? { usd } : {};
  span.set({ outcome: entry.outcome, steps, messages, ...usage, ...cost });
  if (entry.outcome === "failed") span.fail("failed");
}

const haveSpans: ReadonlySet<JournalEntry["type"]> = new Set([
  "turn-started",
  "model-started",
  "step",
  "tool-result",
  "nested",
]);

/** Of an entry that is an event of its turn: whom and what it is about. Not what was said. */
function factsOf(entry: JournalEntry, grants: Grants): Facts {
  if (entry.type === "message") return { messageId: entry.message.id };
  if (entry.type === "grant-revoked") return { approvalId: entry.approvalId, by: entry.by.id };
  if (entry.type === "handed-off") return { from: entry.from, to: entry.to };
  if (entry.type === "approval-requested") {
    const { approvalId, callId, request } = entry;
    return { approvalId, callId, kind: request.kind };
  }
  if (entry.type !== "approval-decided") return {};
  const { approvalId, choice, by, at } = entry;
  const askedAt = grants.find(approvalId)?.askedAt ?? at;
  return { approvalId, choice, by: by.id, waitedMs: at - askedAt };
}

/** More are told by their own spans only. */
const maxLinks = 32;
