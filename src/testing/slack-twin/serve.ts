import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { PendingFaults } from "./faults.ts";
import { download, upload } from "./file-server.ts";
import type { SlackSide } from "./methods/method.ts";
import type { Rates } from "./rates.ts";
import { respondAt } from "./response-urls.ts";
import { callMethod } from "./web-api.ts";

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly server: ReturnType<typeof createServer>;
}

export interface ServeOptions {
  readonly tokens: { readonly bot: string; readonly app: string };
  readonly scopes: ReadonlySet<string>;
  readonly faults: PendingFaults;
  readonly rates: Rates;
  /** Calls that were one too many, by method, in order. */
  readonly limited: string[];
  /** What a token is for; undefined for none of ours. */
  readonly side: (token: string | undefined) => Omit<SlackSide, "url"> | undefined;
  /** Each call that was made, in order. */
  readonly calls: string[];
}

/** One request, read to its end, and where its answer goes. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: Buffer;
  readonly query: URLSearchParams;
  /** Of the server. */
  readonly url: string;
}

/** Slack's servers on loopback: the Web API, the place for uploads, and that of private files. */
export async function serve(options: ServeOptions): Promise<Served> {
  const server = createServer((incoming, outgoing) => {
    void answer({ incoming, outgoing, url: address() }, options).catch((error: unknown) => {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end(`The twin failed: ${String(error)}`);
    });
  });
  const address = (): string => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- A TCP server's address has this shape.
    const { port } = server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: address(),
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(
  { incoming, outgoing, url }: Pick<Exchange, "incoming" | "outgoing" | "url">,
  options: ServeOptions,
): Promise<void> {
  const { pathname, searchParams: query } = new URL(incoming.url ?? "/", url);
  const exchange = { incoming, outgoing, url, query, body: await bytesOf(incoming) };
  const [, area, ...rest] = pathname.split("/");
  switch (area ?? "") {
    case "api":
      return callMethod(rest.join("/"), exchange, options);
    case "upload":
      return upload(rest[1] ?? "", exchange, options);
    case "files-pri":
      return download(rest[0] ?? "", exchange, options);
    case "respond":
      return respondAt(rest[0] ?? "", exchange, options);
    default:
      outgoing.writeHead(404).end();
  }
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
