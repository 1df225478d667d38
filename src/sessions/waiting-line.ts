import type { Adapter } from "../adapters/adapter.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { sessionIdOf, stableKey } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import type { Message } from "../core/message.ts";
import type { Store } from "../store/store.ts";
import { limitsOf, type ScopedLimit, type TurnLimits } from "./turn-limits.ts";
import type { Turnstile } from "./turnstile.ts";

export interface WaitingLineOptions {
  readonly store: Store;
  /** By platform. */
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly turnstile: Turnstile;
  readonly turnLimits: TurnLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells threads that wait for their turn how many are before them, until it begins. */
export interface WaitingLine extends AsyncDisposable {
  /** A message was accepted. */
  watch(message: Message): void;
}

/**
 * The line is the store's: dirty sessions that nobody advances, longest waiting first. It is looked at only while something waits
 * that this process accepted.
 */
export function createWaitingLine(options: WaitingLineOptions): WaitingLine {
  const { store, turnstile, turnLimits, clock, log } = options;
  const waiting = new Map<string, Waiting>();
  const ending = new AbortController();
  let looking: Promise<void> | undefined;

  const lookOften = async (): Promise<void> => {
    while (waiting.size > 0) {
      await clock.sleep(lookMs, { signal: ending.signal });
      await look().catch((error: unknown) => {
        log.debug({ error: messageOf(error) }, "Who waits could not be read");
      });
    }
  };
  const look = async (): Promise<void> => {
    const due = [...waiting].filter(([, { since }]) => clock.now() - since >= lookMs);
    if (due.length === 0) return;
    const line = new Map((await store.dirtySessions()).map((id, ahead) => [id, ahead]));
    const [still, over] = [due.filter(([id]) => line.has(id)), due.filter(([id]) => !line.has(id))];
    for (const [id] of over) waiting.delete(id);
    const told = still
      .filter(([, { toldAt = -Infinity }]) => clock.now() - toldAt >= againMs)
      .toSorted(([, a], [, b]) => (a.toldAt ?? 0) - (b.toldAt ?? 0))
      .slice(0, atOnce);
    await Promise.all([
      ...over.map(async ([, { message, shown }]) => {
        if (shown !== undefined) await show(message, undefined);
      }),
      ...told.map(([id, each]) => tell(id, each, line.get(id) ?? 0)),
    ]);
  };
  const tell = async (sessionId: string, each: Waiting, ahead: number): Promise<void> => {
    const { message, shown } = each;
    each.toldAt = clock.now();
    const limits = limitsOf(message.thread, message.actor, turnLimits);
    const text = textOf(await turnstile.look(sessionId, limits), ahead);
    if (text === shown) return;
    each.shown = text;
    await show(message, text);
  };
  const show = async ({ id, thread }: Message, markdown: string | undefined): Promise<void> => {
    const key = stableKey("waiting", sessionIdOf(thread), id);
    const signal = AbortSignal.timeout(showMs);
    try {
      await options.adapters
        .get(thread.platform)
        ?.showProgress(thread, { key, markdown }, { signal });
    } catch (error) {
      log.debug({ error: messageOf(error) }, "A place in the line was not shown");
    }
  };

  return {
    watch(message) {
      const sessionId = sessionIdOf(message.thread);
      if (ending.signal.aborted || waiting.has(sessionId)) return;
      waiting.set(sessionId, { message, since: clock.now(), shown: undefined, toldAt: undefined });
      looking ??= lookOften()
        .catch(() => {}) // Ended.
        .finally(() => {
          looking = undefined;
        });
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await looking;
      const shown = [...waiting.values()].filter((each) => each.shown !== undefined);
      await Promise.all(shown.map(({ message }) => show(message, undefined)));
    },
  };
}

interface Waiting {
  readonly message: Message;
  readonly since: number;
  shown: string | undefined;
  toldAt: number | undefined;
}

function textOf(
  held: { readonly limit: ScopedLimit; readonly ahead: number } | undefined,
  ahead: number,
): string {
  if (!held) return `Waiting for a free worker, ${inLine(ahead)}.`;
  const { most, of } = held.limit;
  const where = of === "channel" ? "in this channel" : "for one person";
  return `Waiting: ${most} at a time ${where}, ${inLine(held.ahead)}.`;
}

const inLine = (ahead: number): string => (ahead === 0 ? "next in line" : `${ahead} before this`);

/** So long nobody is told that they wait, and so often the line is looked at. */
const lookMs = 3000;
const showMs = 5000;
/** Where much waits, what people are told must not keep the answers from getting out: so many threads at a look, and each so often. */
const atOnce = 10;
const againMs = 15_000;
