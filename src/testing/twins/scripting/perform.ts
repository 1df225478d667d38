import { setImmediate } from "node:timers/promises";

import { Cut, type TwinEvent, type TwinReply } from "../http-twin.ts";
import type { Gate } from "./gate.ts";
import type { Answer, Failure, Fault, Step } from "./step.ts";

/** How a vendor puts a step on the wire. */
export interface Rendering<P> {
  /** Called once, when the server accepts the request: what it keeps of it happens here. */
  accept(answer: Answer<P>): { readonly body: unknown; readonly events: Iterable<TwinEvent> };
  failure(failure: Failure): { readonly body: unknown; readonly headers: Record<string, string> };
  errorEvent(failure: Failure): TwinEvent;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Exchange {
  readonly reply: TwinReply;
  readonly signal: AbortSignal;
  readonly gate: Gate;
  readonly streams: boolean;
}

/** Does what the script says, faults included. */
export async function perform<P>(
  step: Step<P>,
  rendering: Rendering<P>,
  exchange: Exchange,
): Promise<void> {
  const { reply, signal, gate, streams } = exchange;
  switch (step.type) {
    case "drop":
      return reply.drop();
    case "fail": {
      const { body, headers } = rendering.failure(step);
      return reply.json(step.status, body, headers);
    }
    case "answer": {
      const { body, events } = rendering.accept(step);
      if (step.faults.some(({ type }) => type === "lost")) return reply.drop();
      if (streams)
        return reply.events(
          step.faults.reduce(
            (stream: AsyncIterable<TwinEvent>, fault) =>
              withFault(stream, fault, { rendering, exchange }),
            asStream(events),
          ),
          rendering.headers,
        );
      for (const fault of step.faults) {
        if (fault.type === "cut") return reply.drop();
        if (fault.type === "interrupt") return perform(fault.failure, rendering, exchange);
        if (fault.type === "stall" && !(await released(gate, signal))) return reply.drop();
      }
      return reply.json(200, body, rendering.headers);
    }
    default:
      return step satisfies never;
  }
}

async function* asStream(events: Iterable<TwinEvent>): AsyncGenerator<TwinEvent> {
  yield* events;
}

async function* withFault<P>(
  stream: AsyncIterable<TwinEvent>,
  fault: Fault,
  { rendering, exchange }: { rendering: Rendering<P>; exchange: Exchange },
): AsyncGenerator<TwinEvent> {
  const after = fault.type === "lost" ? 0 : fault.afterEvents;
  let sent = 0;
  for await (const event of stream) {
    if (sent === after) {
      // What was written leaves the process only in a later turn of the event loop.
      await setImmediate();
      if (fault.type === "cut") throw new Cut();
      if (fault.type === "interrupt") return yield rendering.errorEvent(fault.failure);
      if (!(await released(exchange.gate, exchange.signal))) return;
    }
    sent += 1;
    yield event;
  }
}

/** False when the client has gone. */
async function released(gate: Gate, signal: AbortSignal): Promise<boolean> {
  try {
    await gate.wait(signal);
    return true;
  } catch {
    // The only reason is the client's going.
    return false;
  }
}
