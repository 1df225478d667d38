import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";

import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import type { PendingFaults } from "./faults.ts";
import type { TwinSocket } from "./web-socket.ts";

/** Something to be told to the app, over whichever of its sockets. */
export interface Delivered {
  /** What it is about: a post's place and id, or a press. */
  readonly about: string;
  readonly type: "events_api" | "interactive";
  readonly payload: object;
}

/** Brings envelopes to the app's sockets, and again where none acknowledged in time. */
export interface Delivery extends AsyncDisposable {
  /** Greets. */
  connect(socket: TwinSocket): void;
  /** What a socket got from the app. */
  take(text: string): void;
  enqueue(delivered: Delivered, times?: number): void;
  /** What the app did not acknowledge yet. */
  pending(): readonly string[];
  /** What it never acknowledged: for people it is lost. */
  readonly lost: readonly string[];
  /** Acknowledgements that came too late, or for nothing. */
  readonly late: readonly string[];
  sockets(): readonly TwinSocket[];
}

export function slackDelivery(
  clock: Clock,
  faults: Pick<PendingFaults, "lostAcks"> = { lostAcks: 0 },
): Delivery {
  const ending = new AbortController();
  // All that waits to be told again listens.
  setMaxListeners(0, ending.signal);
  const open: TwinSocket[] = [];
  const waiting = new Map<string, () => void>();
  const running = new Map<Promise<void>, string>();
  const lost: string[] = [];
  const late: string[] = [];
  let turn = 0;

  const sockets = (): readonly TwinSocket[] => open.filter(({ isOpen }) => isOpen);

  /** Whether it was acknowledged in time. Any of the sockets may be the one. */
  const attempt = async (
    { type, payload }: Delivered,
    { attempts, times }: { readonly attempts: number; readonly times: number },
  ): Promise<boolean> => {
    const ready = sockets();
    if (ready.length === 0) return false;
    const ids = Array.from({ length: times }, () => randomUUID());
    const inTime = new AbortController();
    const acknowledged = ids.map((id) => new Promise<void>((resolve) => waiting.set(id, resolve)));
    for (const envelope_id of ids) {
      const retry = attempts > 0 && { retry_attempt: attempts, retry_reason: "timeout" };
      const envelope = { envelope_id, type, accepts_response_payload: false, ...retry, payload };
      ready[(turn += 1) % ready.length]?.send(JSON.stringify(envelope));
    }
    const signal = AbortSignal.any([inTime.signal, ending.signal]);
    const isInTime = await Promise.race([
      Promise.all(acknowledged).then(() => true),
      clock.sleep(ackMs, { signal }).then(
        () => false,
        () => false, // It was acknowledged, or the twin ends.
      ),
    ]);
    inTime.abort();
    for (const id of ids) waiting.delete(id);
    return isInTime;
  };

  const deliver = async (delivered: Delivered, times: number): Promise<void> => {
    const waits = delivered.type === "events_api" ? retryMs : retryMs.slice(0, 1);
    for (const [attempts, ms] of waits.entries()) {
      if (ms > 0) await clock.sleep(ms, { signal: ending.signal });
      if (await attempt(delivered, { attempts, times })) return;
      ending.signal.throwIfAborted();
    }
    lost.push(delivered.about);
  };

  return {
    lost,
    late,
    sockets,
    connect(socket) {
      open.push(socket);
      socket.send(
        JSON.stringify({
          type: "hello",
          num_connections: sockets().length,
          debug_info: { host: "twin", approximate_connection_time: 18_060 },
        }),
      );
    },
    take(text) {
      const { envelope_id } = z.looseObject({ envelope_id: z.string() }).parse(JSON.parse(text));
      if (faults.lostAcks > 0) {
        faults.lostAcks -= 1;
        return;
      }
      const acknowledge = waiting.get(envelope_id);
      if (acknowledge) acknowledge();
      else late.push(envelope_id);
    },
    enqueue(delivered, times = 1) {
      const done = deliver(delivered, times)
        .catch(() => {}) // The twin ends.
        .finally(() => running.delete(done));
      running.set(done, delivered.about);
    },
    pending: () => [...new Set(running.values())],
    async [Symbol.asyncDispose]() {
      ending.abort();
      for (const socket of open) socket.destroy();
      await Promise.all(running.keys());
    },
  };
}

const ackMs = 3000;
/** At once, at once again, after a minute, after five. https://docs.slack.dev/apis/events-api/#retries */
const retryMs = [0, 0, 60_000, 300_000];
