import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import type { Exchange } from "./exchange.ts";
import { checkFirstBytes, unrecognizedNameAlert } from "./first-bytes.ts";
import { framingProblem } from "./headers.ts";
import type { Endpoint } from "./host-name.ts";
import { intercept } from "./intercept.ts";
import { pump } from "./pump.ts";
import { isRefusal, rawAnswerTo, refuse, type Refusal } from "./refusal.ts";
import { connectTarget, type Origin } from "./request-target.ts";
import { admit, type EgressSession } from "./session.ts";
import { connectUpstream } from "./upstream.ts";

export interface TunnelOptions {
  /** What the client sent after the head already. */
  readonly head: Buffer;
  /** Reads what goes through as HTTP. */
  readonly serve: (socket: Duplex, origin: Origin) => void;
}

/**
 * Answers CONNECT. What goes through is not read, but for the server name with which TLS begins; only when a secret
 * belongs to the endpoint, the tunnel ends here and each request in it is carried on its own.
 */
export async function tunnel(
  session: EgressSession,
  [request, client]: readonly [IncomingMessage, Duplex],
  { head, serve }: TunnelOptions,
): Promise<void> {
  client.on("error", () => {});
  const begun = session.begin("CONNECT", "tunnel");
  if (isRefusal(begun)) {
    client.end(rawAnswerTo(begun));
    session.linger(client);
    return;
  }
  using exchange = begun;
  if (head.length > 0) client.unshift(head);
  const opening = await open(session, exchange, { request, client });
  if (isRefusal(opening)) {
    client.end(rawAnswerTo(opening));
    session.linger(client);
    exchange.end(opening);
    return;
  }
  const { endpoint, upstream } = opening;
  const stop = (): void => {
    client.destroy();
    upstream?.destroy();
  };
  exchange.signal.addEventListener("abort", stop, { once: true });
  if (exchange.signal.aborted) stop();
  client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  exchange.opened();
  const refusal = upstream
    ? await carry(session, exchange, { client, upstream, endpoint })
    : await look(session, exchange, { client, endpoint, serve });
  const cut: unknown = exchange.signal.reason;
  exchange.end(isRefusal(cut) ? cut : (refusal ?? { status: 200 }));
  upstream?.destroy();
  if (refusal) session.linger(client);
  else client.destroy();
}

interface Opening {
  readonly endpoint: Endpoint;
  /** Absent when the tunnel ends here. */
  readonly upstream: Duplex | undefined;
}

async function open(
  session: EgressSession,
  exchange: Exchange,
  { request, client }: { readonly request: IncomingMessage; readonly client: Duplex },
): Promise<Opening | Refusal> {
  const limited = session.meter.request() ?? framingProblem(request);
  if (limited) return limited;
  const endpoint = connectTarget(request);
  if ("type" in endpoint) return endpoint;
  exchange.note({ endpoint });
  const admitted = admit(session, endpoint);
  if (isRefusal(admitted)) return admitted;
  if (admitted.secrets.length > 0) return { endpoint, upstream: undefined };
  const onClose = (): void => exchange.cut(refuse("closed", "the client has gone away"));
  client.once("close", onClose);
  const connection = await connectUpstream(session, exchange, { endpoint, scheme: "http" });
  client.off("close", onClose);
  return isRefusal(connection) ? connection : { endpoint, upstream: connection.socket };
}

interface CarryOptions {
  readonly client: Duplex;
  readonly upstream: Duplex;
  readonly endpoint: Endpoint;
}

async function carry(
  session: EgressSession,
  exchange: Exchange,
  { client, upstream, endpoint }: CarryOptions,
): Promise<Refusal | undefined> {
  const { headMs } = session.limits;
  const down = pump(upstream, client, {
    each: (chunk) => {
      exchange.received(chunk.length);
      return chunk;
    },
  });
  const first = await checkFirstBytes(client, exchange, { endpoint, headMs });
  if (isRefusal(first)) return turnDown(client, first);
  const up = pump(client, upstream, {
    each: (chunk) => {
      exchange.sent(chunk.length);
      return chunk;
    },
  });
  await Promise.all([up, down]);
  return undefined;
}

interface LookOptions {
  readonly client: Duplex;
  readonly endpoint: Endpoint;
  readonly serve: (socket: Duplex, origin: Origin) => void;
}

async function look(
  session: EgressSession,
  exchange: Exchange,
  { client, endpoint, serve }: LookOptions,
): Promise<Refusal | undefined> {
  const { headMs } = session.limits;
  const first = await checkFirstBytes(client, exchange, { endpoint, headMs });
  if (isRefusal(first)) return turnDown(client, first);
  // From here on each request is watched on its own.
  exchange.neverIdle();
  if (first === "tls")
    return intercept(session, exchange, {
      client,
      endpoint,
      serve: (socket) => serve(socket, { scheme: "https", endpoint }),
    });
  serve(client, { scheme: "http", endpoint });
  await new Promise<void>((resolve) => {
    client.once("close", () => resolve());
    if (client.destroyed) resolve();
  });
  return undefined;
}

/** Tells a client inside of its tunnel: one that speaks TLS by an alert, another in words. */
function turnDown(client: Duplex, refusal: Refusal): Refusal {
  client.end(refusal.reason === "server-name" ? unrecognizedNameAlert : rawAnswerTo(refusal));
  return refusal;
}
