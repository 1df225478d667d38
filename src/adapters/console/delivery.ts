import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { PendingFaults } from "./faults.ts";
import type { MessageRecord } from "./records.ts";

/** What the bot said to an event. `denied` is the reason to show to the person. */
export interface Acknowledgement {
  readonly denied?: string;
}

/** The bot's end of a connection: takes an event, and rejects to have it delivered again. */
export type EventHandler = (event: MessageRecord) => Promise<Acknowledgement>;

/** Brings events to one handler: in order within a thread, again and again until each is acknowledged. */
export interface Delivery extends AsyncDisposable {
  enqueue(event: MessageRecord): void;
  /** Resolves when every event is acknowledged. */
  idle(): Promise<void>;
}

export function delivery(options: {
  readonly handle: EventHandler;
  readonly isPending: (event: MessageRecord) => boolean;
  readonly acknowledge: (event: MessageRecord, answer: Acknowledgement) => Promise<void>;
  readonly faults: PendingFaults;
  readonly redeliverAfterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}): Delivery {
  const { handle, isPending, acknowledge, faults, redeliverAfterMs, clock, logger } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const tails = new Map<string, Promise<void>>();

  const deliver = async (event: MessageRecord): Promise<void> => {
    const fault = faults.events.shift();
    if (fault?.type === "delayed") await clock.sleep(fault.ms, { signal });
    signal.throwIfAborted();
    const again = fault?.type === "duplicated" ? [handle(event)] : [];
    const [answer] = await Promise.all([handle(event), ...again]);
    await acknowledge(event, answer);
  };

  const untilAcknowledged = async (event: MessageRecord): Promise<void> => {
    for (let attempt = 0; isPending(event) && !signal.aborted; attempt += 1) {
      try {
        return await deliver(event);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ eventId: event.id, reason: messageOf(error) }, "Event was not taken");
      }
      const ms = Math.min(redeliverAfterMs * 2 ** attempt, maxBackOffMs);
      await clock.sleep(ms, { signal }).catch(() => {
        // Only the end of the connection ends the sleep early, and the loop sees it.
      });
    }
  };

  return {
    enqueue(event) {
      const tail = (tails.get(event.thread) ?? Promise.resolve())
        .then(() => untilAcknowledged(event))
        .finally(() => {
          if (tails.get(event.thread) === tail) tails.delete(event.thread);
        });
      tails.set(event.thread, tail);
    },
    async idle() {
      while (tails.size > 0) await Promise.all(tails.values());
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all(tails.values());
    },
  };
}

const maxBackOffMs = 30_000;
