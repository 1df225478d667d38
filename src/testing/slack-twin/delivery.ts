import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";

import { z } from "zod";

import { linkedController } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import type { PendingFaults } from "./faults.ts";
import type { Outcome, RequestUrl } from "./request-url.ts";
import type { TwinSocket } from "./web-socket.ts";

/** Something to be told to the app: at its request URL where it has one, else over whichever of its sockets. */
export interface Delivered {
  /** What it is about: a post's place and id, or a press. */
  readonly about: string;
  readonly type: "events_api" | "interactive" | "slash_commands";
  readonly payload: object;
  /** Gets what came along with the acknowledgement. */
  readonly answered?: (answer: unknown) => void;
}

/** Brings envelopes to the app, and again where it did not acknowledge in time. */
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
  /** How long the app took at most to acknowledge something in time, milliseconds. */
  slowestAckMs(): number;
  /** Acknowledgements that came too late, or for nothing. */
  readonly late: string[];
  sockets(): readonly TwinSocket[];
  /** From now on everything goes there. */
  deliverTo(url: RequestUrl): void;
}

export function slackDelivery(
  clock: Clock,
  faults: Pick<PendingFaults, "lostAcks"> = { lostAcks: 0 },
): Delivery {
  const ending = new AbortController();
  // All that waits to be told again listens.
  setMaxListeners(0, ending.signal);
  const open: TwinSocket[] = [];
  const waiting = new Map<string, (answer: unknown) => void>();
  const running = new Map<Promise<void>, string>();
  const lost: string[] = [];
  const late: string[] = [];
  let turn = 0;
  let slowestAckMs = 0;
  let requestUrl: RequestUrl | undefined;

  const sockets = (): readonly TwinSocket[] => open.filter(({ isOpen }) => isOpen);

  /** Over any of the sockets. */
  const overSockets = async (
    { type, payload, answered = () => {} }: Delivered,
    { attempts, times }: { readonly attempts: number; readonly times: number },
  ): Promise<Outcome> => {
    const ready = sockets();
    if (ready.length === 0) return { status: "connection_failed" };
    const ids = Array.from({ length: times }, () => randomUUID());
    using linked = linkedController(ending.signal);
    const inTime = linked.controller;
    const acknowledged = ids.map((id) => new Promise((resolve) => waiting.set(id, resolve)));
    for (const envelope_id of ids) {
      const retry = attempts > 0 && { retry_attempt: attempts, retry_reason: "timeout" };
      const accepts_response_payload = type !== "events_api";
      const envelope = { envelope_id, type, accepts_response_payload, ...retry, payload };
      ready[(turn += 1) % ready.length]?.send(JSON.stringify(envelope));
    }
    const isInTime = await Promise.race([
      Promise.all(acknowledged).then(([answer]) => {
        answered(answer);
        return true;
      }),
      clock.sleep(ackMs, { signal: inTime.signal }).then(
        () => false,
        () => false, // It was acknowledged, or the twin ends.
      ),
    ]);
    inTime.abort();
    for (const id of ids) waiting.delete(id);
    return { status: isInTime ? "ok" : "timeout" };
  };

  const deliver = async (delivered: Delivered, times: number): Promise<void> => {
    const waits = delivered.type === "events_api" ? retryMs : retryMs.slice(0, 1);
    const { signal } = ending;
    let reason = "";
    for (const [attempts, ms] of waits.entries()) {
      if (ms > 0) await clock.sleep(ms, { signal });
      const toldAt = clock.now();
      const outcome = requestUrl
        ? await requestUrl.tell(delivered, { attempts, times, reason, signal })
        : await overSockets(delivered, { attempts, times });
      if (outcome.status === "ok") {
        slowestAckMs = Math.max(slowestAckMs, clock.now() - toldAt);
        return;
      }
      signal.throwIfAborted();
      reason = outcome.status;
      if (outcome.isFinal) break;
    }
    lost.push(delivered.about);
  };

  return {
    lost,
    late,
    slowestAckMs: () => slowestAckMs,
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
      const { envelope_id, payload } = Acknowledgement.parse(JSON.parse(text));
      if (faults.lostAcks > 0) {
        faults.lostAcks -= 1;
        return;
      }
      const acknowledge = waiting.get(envelope_id);
      if (acknowledge) acknowledge(payload);
      else late.push(envelope_id);
    },
    enqueue(delivered, times = 1) {
      const done = deliver(delivered, times)
        .catch(() => {}) // The twin ends.
        .finally(() => running.delete(done));
      running.set(done, delivered.about);
    },
    pending: () => [...new Set(running.values())],
    deliverTo(url) {
      requestUrl = url;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      for (const socket of open) socket.destroy();
      await Promise.all(running.keys());
    },
  };
}

export const ackMs = 3000;
/** At once, at once again, after a minute, after five. https://docs.slack.dev/apis/events-api/#retries */
const retryMs = [0, 0, 60_000, 300_000];

const Acknowledgement = z.looseObject({ envelope_id: z.string(), payload: z.unknown().optional() });
