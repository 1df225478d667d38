import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { messageOf, OpsthreadError } from "../../../core/errors.ts";

/** Where the adapter listens by itself. */
export interface ListenOptions {
  /** 0 for any that is free: see {@link SlackAdapter.address}. */
  readonly port: number;
  /** Default `127.0.0.1`: a proxy in front of it has the certificate. */
  readonly host?: string;
}

export interface Listening extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
}

/** @throws {OpsthreadError} `CONFIG_INVALID` where the port can't be had */
export async function listen(
  listener: RequestListener,
  { port, host = "127.0.0.1" }: ListenOptions,
): Promise<Listening> {
  // What Slack tells is there within three seconds, or too late.
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, listener);
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot listen for Slack on ${host}:${port}: ${messageOf(error)}`,
      { cause: error },
    );
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- A TCP server's address has this shape.
  const bound = server.address() as AddressInfo;
  return {
    address: { host: bound.address, port: bound.port },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      // All that was asked is answered by now.
      server.closeAllConnections();
      await closed;
    },
  };
}
