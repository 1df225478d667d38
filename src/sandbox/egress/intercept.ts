import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";

import type { Exchange } from "./exchange.ts";
import { formatEndpoint, type Endpoint } from "./host-name.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { leastTlsVersion, type EgressSession } from "./session.ts";

export interface InterceptOptions {
  readonly client: Duplex;
  readonly endpoint: Endpoint;
  /** Reads what the client says as HTTP. */
  readonly serve: (socket: Duplex) => void;
}

/** Ends TLS here, with a certificate of the session's own authority. Settles when the client has gone. */
export async function intercept(
  session: EgressSession,
  exchange: Exchange,
  { client, endpoint, serve }: InterceptOptions,
): Promise<Refusal | undefined> {
  const { cert, key } = session.authority().issue(endpoint.host);
  const tls = new TLSSocket(client, {
    isServer: true,
    secureContext: createSecureContext({ cert, key, minVersion: leastTlsVersion }),
    ALPNProtocols: ["http/1.1"],
  });
  const timer = setTimeout(() => client.destroy(), session.limits.headMs);
  let isSecure = false;
  tls.once("secure", () => {
    isSecure = true;
    clearTimeout(timer);
    serve(tls);
  });
  await closed(tls, client);
  clearTimeout(timer);
  tls.destroy();
  if (isSecure || exchange.signal.aborted) return undefined;
  return refuse(
    "tls-failed",
    `the client did not agree on TLS for ${formatEndpoint(endpoint)}; it must trust the certificates in SSL_CERT_FILE`,
  );
}

function closed(tls: TLSSocket, client: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => resolve();
    tls.once("close", done).on("error", () => {
      tls.destroy();
      done();
    });
    client.once("close", done);
    if (client.destroyed) done();
  });
}
