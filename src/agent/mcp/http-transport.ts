import {
  isJSONRPCRequest,
  StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";

import { abortable, timeLimit } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { floods, messageAllowance } from "./allowance.ts";
import { boundedBody } from "./bounded-body.ts";
import type { HttpServerConfig } from "./config.ts";
import { type McpTransport, wasClosed } from "./transport.ts";

/** `fetch`, maybe with more headers. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface HttpTransportOptions {
  readonly config: Pick<HttpServerConfig, "url" | "headers">;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** A server at one address. Redirects are followed only within its origin, and what it sends is bounded. */
export function httpTransport({
  config: { url, headers },
  fetch,
  clock,
}: HttpTransportOptions): McpTransport {
  const mayCome = messageAllowance(clock);
  let endedBecause: string | undefined;
  let settle = (): void => {};
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const breakOff = (reason: string): void => {
    endedBecause ??= reason;
    void inner.close();
  };
  const inner = new StreamableHTTPClientTransport(new URL(url), {
    fetch: async (to, init) => bounded(await fetch(to, init)),
    requestInit: { headers },
    onInsufficientScope: "throw",
  });
  const bounded = (response: Response): Response => {
    if (!response.body) return response;
    const isEvents = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    const body = response.body.pipeThrough(boundedBody({ clock, isEvents, onTooMuch: breakOff }));
    const { status, statusText } = response;
    return new Response(body, { status, statusText, headers: response.headers });
  };

  // Its own type says less of options that are left out.
  const sender: Pick<Transport, "send"> = inner;

  // oxlint-disable unicorn/prefer-add-event-listener -- that is how transports are listened to
  inner.onmessage = (message) => {
    if (endedBecause !== undefined) return;
    if (mayCome()) return transport.onmessage?.(message);
    breakOff(floods);
  };
  inner.onerror = (error) => transport.onerror?.(error);
  inner.onclose = () => {
    endedBecause ??= wasClosed;
    settle();
    transport.onclose?.();
  };
  // oxlint-enable unicorn/prefer-add-event-listener

  const transport: McpTransport = {
    hasPerRequestStream: true,
    ended,
    get endedBecause() {
      return endedBecause;
    },
    get sessionId() {
      return inner.sessionId;
    },
    setProtocolVersion: (version) => inner.setProtocolVersion(version),
    start: () => inner.start(),
    send(message, options) {
      if (!isJSONRPCRequest(message)) return sender.send(message, options);
      // The client would wait for an answer that breaks off until the call's time is over.
      const answer = {
        jsonrpc: "2.0",
        id: message.id,
        error: { code: brokenOff, message: "it broke off its answer" },
      } as const;
      const onRequestStreamEnd = (): void => {
        options?.onRequestStreamEnd?.();
        transport.onmessage?.(answer);
      };
      return sender.send(message, { ...options, onRequestStreamEnd });
    },
    async close() {
      if (endedBecause !== undefined) return;
      using limit = timeLimit(goodbyeMs, { signal: new AbortController().signal, clock });
      // A server that is not there any more needs none.
      await abortable(inner.terminateSession(), limit.signal).catch(() => {});
      await inner.close();
    },
  };
  return transport;
}

/** Of the codes that JSON-RPC leaves to its users: a server's own answers never say this. */
export const brokenOff = -32_077;
const goodbyeMs = 1_000;
