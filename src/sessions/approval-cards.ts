import type { Adapter, ApprovalOutcome } from "../adapters/adapter.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { JournalRecord } from "../core/journal.ts";
import type { Logger } from "../core/logger.ts";
import type { Post } from "../core/post.ts";
import type { Queue } from "../queue/queue.ts";
import type { Store } from "../store/store.ts";
import { approvalKey } from "./approval-card.ts";
import { type Approval, Grants } from "./grants.ts";
import type { Session } from "./session.ts";

/**
 * Questions for approvals, as their threads show them: each loses its buttons when it can't be answered any more, and says
 * what became of it. Best effort, and nobody waits for it: what holds is in the journal, and whoever presses a button that
 * stayed is told so, which takes it away.
 */
export interface ApprovalCards extends AsyncDisposable {
  /** What is decided, withdrawn or expired of these is shown. */
  close(session: Session, approvalIds: readonly string[]): void;
  /** Shows what expired since the session was last at work, and has it looked at when the next one will. */
  watch(session: Session): void;
  /** A card came to its thread, perhaps later than what became of it. */
  posted(post: Post): void;
  /** What earlier processes waited for is waited for again. */
  resume(): void;
  /** Resolves when nothing is being shown. */
  idle(): Promise<void>;
}

export interface ApprovalCardsOptions {
  readonly store: Store;
  readonly queue: Queue;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createApprovalCards(options: ApprovalCardsOptions): ApprovalCards {
  const { store, queue, adapters, clock, log } = options;
  const ending = new AbortController();
  const works = new Set<Promise<void>>();
  /** Cards that expired and say so, and those whose end will wake their session. */
  const expired = new Set<string>();
  const awaited = new Set<string>();

  const beside = (work: Promise<void>): void => {
    const done = work
      .catch((error: unknown) => {
        if (!ending.signal.aborted)
          log.debug({ error: messageOf(error) }, "A card of an approval was not looked at");
      })
      .finally(() => works.delete(done));
    works.add(done);
  };
  const show = (thread: ThreadRef, outcome: ApprovalOutcome): void => {
    const adapter = adapters.get(thread.platform);
    if (!adapter?.closeApproval || ending.signal.aborted) return;
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(showMs)]);
    beside(adapter.closeApproval(thread, outcome, { signal }));
  };

  return {
    close(session, approvalIds) {
      for (const approvalId of approvalIds) {
        const approval = session.grants.find(approvalId);
        const outcome =
          approval && outcomeOf(approval, approvalKey(session, approval), clock.now());
        if (outcome) show(session.thread, outcome);
      }
    },
    watch(session) {
      const now = clock.now();
      for (const approval of session.grants.waiting()) {
        const { approvalId, expiresAt } = approval;
        const key = approvalKey(session, approval);
        if (now <= expiresAt) {
          if (awaited.has(key)) continue;
          remember(awaited, key);
          queue.wake(session.id, { delayMs: expiresAt + 1 - now });
          continue;
        }
        awaited.delete(key);
        // A turn that began after that has shown it.
        if (session.latestStart > expiresAt || expired.has(key)) continue;
        remember(expired, key);
        log.info({ sessionId: session.id, approvalId }, "An approval expired");
        show(session.thread, { key, type: "expired" });
      }
    },
    posted({ approval: card, sessionId, thread, key }) {
      if (!card) return;
      const look = async (): Promise<void> => {
        const grants = grantsOf(await store.readJournal(sessionId, { after: 0 }));
        const approval = grants.find(card.approvalId);
        const outcome = approval && outcomeOf(approval, key, clock.now());
        if (outcome) show(thread, outcome);
      };
      beside(look());
    },
    resume() {
      const look = async (): Promise<void> => {
        for (const { sessionId } of await store.sessions({ limit: maxResumed })) {
          if (ending.signal.aborted) return;
          const posts = await store.posts(sessionId);
          if (!posts.some(({ post }) => post.approval)) continue;
          const grants = grantsOf(await store.readJournal(sessionId, { after: 0 }));
          for (const { expiresAt } of grants.waiting())
            queue.wake(sessionId, { delayMs: Math.max(0, expiresAt + 1 - clock.now()) });
        }
      };
      beside(look());
    },
    async idle() {
      while (works.size > 0) await Promise.all(works);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(works);
    },
  };
}

function outcomeOf(
  { state, expiresAt }: Approval,
  key: string,
  now: number,
): ApprovalOutcome | undefined {
  switch (state.type) {
    case "waiting":
      return now > expiresAt ? { key, type: "expired" } : undefined;
    case "withdrawn":
      return { key, type: "withdrawn", ...(state.by && { by: state.by }) };
    case "denied":
      return { key, type: "decided", choice: "deny", by: state.by };
    case "once":
    case "session":
    case "always":
      return { key, type: "decided", choice: state.type, by: state.by };
    case "revoked":
      // It said who approved it.
      return undefined;
    default:
      return state satisfies never;
  }
}

function grantsOf(records: readonly JournalRecord[]): Grants {
  const grants = new Grants();
  for (const { entry } of records) grants.apply(entry);
  return grants;
}

/** As one of the newest. */
function remember(keys: Set<string>, key: string): void {
  keys.add(key);
  const [oldest] = keys;
  if (keys.size > maxRemembered && oldest !== undefined) keys.delete(oldest);
}

const showMs = 15_000;
const maxRemembered = 10_000;
/** Sessions that are looked at, the latest. */
const maxResumed = 500;
