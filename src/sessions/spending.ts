import type { Budgets, BudgetScope } from "../agent/budget.ts";
import type { Clock } from "../core/clock.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { JournalEntry } from "../core/journal.ts";
import { nothingSpent, type Spent, usageOf } from "../core/spent.ts";
import type { Account, Store } from "../store/store.ts";
import type { Session } from "./session.ts";

/** What the work behind an entry took, with the time since the turn's time was last charged. */
export function chargeOf(
  entry: JournalEntry,
  chargedAt: number,
): Spent & { readonly chargedAt: number } {
  const use = usageOf(entry);
  if (!use && entry.type !== "turn-ended") return { ...nothingSpent, chargedAt };
  const tokens = use ? use.usage.inputTokens + use.usage.outputTokens : 0;
  const ms = Math.max(0, entry.at - chargedAt);
  return {
    steps: use?.steps ?? 0,
    tokens,
    usd: use?.usd ?? 0,
    ms,
    chargedAt: Math.max(entry.at, chargedAt),
  };
}

/** Whom a thread's work at this time is charged to: its channel, and the whole bot. */
export function accountsOf(
  thread: ThreadRef,
  at: number,
): { readonly channel: Account; readonly day: Account } {
  const { platform, workspace, channel } = thread;
  const day = new Date(at).toISOString().slice(0, 10);
  const name = ["channel", ...[platform, workspace, channel].map(encodeURIComponent)].join(":");
  return { channel: { name, day }, day: { name: "bot", day } };
}

/** The limits besides the turn's own that its work counts for. */
export function scopesOf(
  session: Session,
  {
    store,
    budgets,
    clock,
  }: { readonly store: Store; readonly budgets: Budgets; readonly clock: Clock },
): readonly BudgetScope[] {
  const spentOf = (name: "channel" | "day") => async (): Promise<Spent> => {
    const [spent = nothingSpent] = await store.spent([
      accountsOf(session.thread, clock.now())[name],
    ]);
    return spent;
  };
  const scopes: readonly BudgetScope[] = [
    { name: "session", limits: budgets.session, spent: () => session.spent },
    { name: "channel", limits: budgets.channel, spent: spentOf("channel") },
    { name: "day", limits: budgets.day, spent: spentOf("day") },
  ];
  return scopes.filter(({ limits }) => Object.keys(limits).length > 0);
}

/** When what is spent is free again, in words. */
export function freeAgain(scope: BudgetScope["name"], now: number): string {
  if (scope === "session") return "Open another thread to go on.";
  const tomorrow = new Date(now + dayMs).toISOString().slice(0, 10);
  return `It is free again on ${tomorrow} at 00:00 UTC; ask again then.`;
}

const dayMs = 86_400_000;
