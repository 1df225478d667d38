import type { Clock } from "../../core/clock.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** What one session may use of the network. */
export interface EgressLimits {
  /** Connections of the sandbox, and requests under way, at once. */
  readonly connections: number;
  readonly requestsPerMinute: number;
  /** What the session may send in all. */
  readonly bytesUp: number;
  /** What the session may receive in all. */
  readonly bytesDown: number;
  readonly headerBytes: number;
  readonly urlBytes: number;
  /** To resolve a name, connect, and agree on TLS. */
  readonly connectMs: number;
  /** From a connection's start, or the last answer on it, to the end of the next request's headers. */
  readonly headMs: number;
  /** Nothing has moved in either direction for so long. */
  readonly idleMs: number;
}

export const defaultEgressLimits: EgressLimits = {
  connections: 64,
  requestsPerMinute: 600,
  bytesUp: 1024 ** 3,
  bytesDown: 8 * 1024 ** 3,
  headerBytes: 16 * 1024,
  urlBytes: 8 * 1024,
  connectMs: 10_000,
  headMs: 30_000,
  idleMs: 300_000,
};

/** Counts what a session uses. Each method says what to answer when a limit is reached. */
export interface Meter {
  /** One more request, if the rate allows it. */
  request(): Refusal | undefined;
  sent(bytes: number): Refusal | undefined;
  received(bytes: number): Refusal | undefined;
}

/** The rate is a bucket that holds a minute's requests and fills evenly. */
export function createMeter(limits: EgressLimits, clock: Pick<Clock, "now">): Meter {
  let tokens = limits.requestsPerMinute;
  let filledAt = clock.now();
  let up = 0;
  let down = 0;
  const sent = (bytes: number): Refusal | undefined => {
    up += bytes;
    return up > limits.bytesUp ? tooMuch("bytes-up", "sent", limits.bytesUp) : undefined;
  };
  const received = (bytes: number): Refusal | undefined => {
    down += bytes;
    return down > limits.bytesDown
      ? tooMuch("bytes-down", "received", limits.bytesDown)
      : undefined;
  };
  return {
    request() {
      const now = clock.now();
      const passed = Math.max(0, now - filledAt);
      filledAt = now;
      tokens = Math.min(
        limits.requestsPerMinute,
        tokens + (passed * limits.requestsPerMinute) / 60_000,
      );
      if (tokens < 1)
        return refuse(
          "rate-limit",
          `this session may make ${limits.requestsPerMinute} requests a minute; wait a little and go on more slowly`,
        );
      tokens -= 1;
      return sent(0) ?? received(0);
    },
    sent,
    received,
  };
}

function tooMuch(reason: "bytes-up" | "bytes-down", verb: string, limit: number): Refusal {
  return refuse(
    reason,
    `this session has ${verb} the ${limit} bytes that it may; ask an operator for more`,
  );
}
