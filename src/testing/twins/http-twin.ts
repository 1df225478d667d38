import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";

/** What a client sent. */
export interface TwinRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  /** Aborts when the client has gone before it got everything. */
  readonly signal: AbortSignal;
}

/** How a twin answers; exactly one of these for each request. */
export interface TwinReply {
  json(status: number, body: unknown, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** Sends server-sent events until the stream ends or the client has gone. */
  events(
    events: AsyncIterable<TwinEvent>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Cuts the connection without an answer. */
  drop(): void;
}

/** A server-sent event. https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface TwinEvent {
  readonly event?: string;
  readonly data: unknown;
}

/** Thrown by a stream of events to cut the connection in the middle. */
export class Cut extends Error {}

export interface HttpTwin extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

/** An HTTP server on loopback that stands in for a vendor's. A handler that throws is a mistake of the twin: 500. */
export async function httpTwin(
  handle: (request: TwinRequest, reply: TwinReply) => Promise<void>,
): Promise<HttpTwin> {
  const server = createServer((incoming, outgoing) => {
    const reply = replyTo(outgoing);
    void readRequest(incoming, outgoing)
      .then((request) => handle(request, reply))
      .catch(async (error: unknown) => {
        if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
        else await reply.json(500, { error: { message: `The twin failed: ${String(error)}` } });
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- A TCP server's address has this shape.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function readRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<TwinRequest> {
  const gone = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) gone.abort(new Error("The client has gone"));
  });
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString();
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://twin");
  return {
    method: incoming.method ?? "GET",
    path: pathname,
    query: searchParams,
    headers: incoming.headers,
    body: text === "" ? undefined : JSON.parse(text),
    signal: gone.signal,
  };
}

function replyTo(outgoing: ServerResponse): TwinReply {
  return {
    async json(status, body, headers = {}) {
      outgoing.writeHead(status, { "content-type": "application/json", ...headers });
      outgoing.end(JSON.stringify(body));
      await once(outgoing, "close");
    },
    async events(events, headers = {}) {
      outgoing.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        ...headers,
      });
      try {
        for await (const { event, data } of events) {
          if (outgoing.destroyed) return;
          const text = typeof data === "string" ? data : JSON.stringify(data);
          const isThrough = outgoing.write(
            `${event === undefined ? "" : `event: ${event}\n`}data: ${text}\n\n`,
          );
          if (!isThrough) await Promise.race([once(outgoing, "drain"), once(outgoing, "close")]);
        }
        outgoing.end();
      } catch (error) {
        // What was written leaves on the next tick: the client gets all events up to the cut.
        await setImmediate();
        outgoing.destroy();
        if (!(error instanceof Cut)) throw error;
      }
    },
    drop: () => void outgoing.destroy(),
  };
}
