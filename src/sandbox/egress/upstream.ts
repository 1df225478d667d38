import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";

import { deadline } from "./deadline.ts";
import type { Connection } from "./dial.ts";
import type { Exchange } from "./exchange.ts";
import { formatEndpoint } from "./host-name.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";
import type { RequestTarget } from "./request-target.ts";
import { leastTlsVersion, type EgressSession } from "./session.ts";

/** Connects to where a request goes; over https, the other side has proved who it is when this resolves. */
export async function connectUpstream(
  session: EgressSession,
  exchange: Exchange,
  { endpoint, scheme }: Pick<RequestTarget, "endpoint" | "scheme">,
): Promise<Connection | Refusal> {
  const connection = await session.dial(endpoint, {
    signal: exchange.signal,
    onAddress: (address) => exchange.note({ address }),
  });
  if (isRefusal(connection) || scheme === "http") return connection;
  const { socket, address } = connection;
  const { host } = endpoint;
  const { upstreamCa: ca } = session;
  const tls = connect({
    socket,
    host,
    ...(isIP(host) ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca: typeof ca === "string" ? ca : [...ca] }),
    ALPNProtocols: ["http/1.1"],
    minVersion: leastTlsVersion,
  });
  using limit = deadline(exchange.signal, session.limits.connectMs);
  const problem = await secured(tls, limit.signal);
  if (problem === undefined) return { socket: tls, address };
  tls.destroy();
  socket.destroy();
  if (isRefusal(exchange.signal.reason)) return exchange.signal.reason;
  return refuse("tls-failed", `${formatEndpoint(endpoint)} did not prove who it is (${problem})`);
}

function secured(tls: TLSSocket, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    tls.once("secureConnect", () => resolve(undefined));
    tls.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "TLS error"));
    tls.once("close", () => resolve("closed"));
    if (signal.aborted) resolve("timeout");
    signal.addEventListener("abort", () => resolve("timeout"), { once: true });
  });
}
