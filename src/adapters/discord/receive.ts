import { setMaxListeners } from "node:events";

import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { threadId, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { Message } from "../../core/message.ts";
import type { Inbound, Received, Revision } from "../adapter.ts";

/**
 * Brings what was said to the bot, those of a thread in their order. Discord is told nothing of that and says nothing
 * again, so what could not be stored is kept here, and tried until it is.
 */
export interface Receiver extends AsyncDisposable {
  /** Resolves when it is stored, or not for the bot. */
  bring(message: Message): Promise<Received>;
  /** The same for what became of a message. */
  revise(revision: Revision): Promise<Received>;
  /** Runs what finds out the thread of something, after what was begun before. */
  inOrder(place: string, bring: () => Promise<void>): void;
}

export function createReceiver({
  inbound,
  clock,
  log,
}: {
  readonly inbound: Inbound;
  readonly clock: Clock;
  readonly log: Logger;
}): Receiver {
  const tails = new Map<string, Promise<void>>();
  const ending = new AbortController();
  // All that goes on listens.
  setMaxListeners(0, ending.signal);
  const { signal } = ending;

  const stored = async (thread: ThreadRef, store: () => Promise<Received>): Promise<Received> => {
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await store();
      } catch (error) {
        const what = { thread: threadId(thread), attempt, error: messageOf(error) };
        log.warn(what, "A message was not stored; it is tried again");
      }
      await clock.sleep(Math.min(firstPauseMs * 2 ** attempt, longestPauseMs), { signal });
    }
  };

  return {
    bring: (message) => stored(message.thread, () => inbound.receive(message)),
    revise: (revision) => stored(revision.thread, () => inbound.revise(revision)),
    inOrder(place, run) {
      if (signal.aborted) return;
      if (tails.size >= maxPlaces) {
        log.error({ place }, "Too much waits to be stored; a message is left out");
        return;
      }
      const tail = (tails.get(place) ?? Promise.resolve())
        .then(run)
        .catch((error: unknown) => {
          if (!signal.aborted) log.warn({ error: messageOf(error) }, "A message was not taken");
        })
        .finally(() => {
          if (tails.get(place) === tail) tails.delete(place);
        });
      tails.set(place, tail);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(tails.values());
    },
  };
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
const maxPlaces = 10_000;
