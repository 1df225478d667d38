import { isIP } from "node:net";
import type { Duplex } from "node:stream";

import type { Exchange } from "./exchange.ts";
import type { Endpoint } from "./host-name.ts";
import { peek } from "./peek.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";

const httpsPort = 443;

export interface FirstBytesOptions {
  readonly endpoint: Endpoint;
  readonly headMs: number;
}

/**
 * Looks at what the client begins with. On port 443 that must be TLS; on any port TLS must name the granted host, since
 * one address serves many hosts and the name decides which. An encrypted name can't be checked and is refused.
 */
export async function checkFirstBytes(
  client: Duplex,
  exchange: Exchange,
  { endpoint, headMs }: FirstBytesOptions,
): Promise<"tls" | "plain" | Refusal> {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer ??= setTimeout(() => deadline.abort(), headMs);
  };
  // On other ports the server may be the one who speaks first, and the client may wait for it.
  if (endpoint.port === httpsPort) start();
  const signal = AbortSignal.any([exchange.signal, deadline.signal]);
  const first = await peek(client, { signal, onStart: start });
  const isLate = deadline.signal.aborted;
  clearTimeout(timer);
  if (isRefusal(exchange.signal.reason)) return exchange.signal.reason;
  if (first.type === "client-hello") return serverNameProblem(first, endpoint) ?? "tls";
  if (first.type === "unreadable")
    return refuse("server-name", "the TLS ClientHello can't be read");
  if (isLate) return refuse("head-timeout", "the tunnel did not begin with TLS in time");
  if (endpoint.port !== httpsPort)
    return timer !== undefined && first.type === "more" ? cutShort : "plain";
  return first.type === "more"
    ? cutShort
    : refuse("not-tls", "a tunnel to port 443 carries TLS only");
}

const cutShort = refuse("closed", "the tunnel ended before its first bytes could be read");

function serverNameProblem(
  hello: { readonly serverName: string | undefined; readonly isEncrypted: boolean },
  { host }: Endpoint,
): Refusal | undefined {
  if (hello.isEncrypted)
    return refuse(
      "server-name",
      "TLS with an encrypted server name (ECH) is not carried; turn it off",
    );
  const name = hello.serverName?.toLowerCase();
  if (name === host || (name === undefined && isIP(host) !== 0)) return undefined;
  return refuse("server-name", `TLS must name the server ${host}, to which the tunnel leads`);
}

/** What a client that expects TLS, or does not, can make sense of. */
export const unrecognizedNameAlert = Buffer.from([0x15, 3, 3, 0, 2, 2, 112]);
