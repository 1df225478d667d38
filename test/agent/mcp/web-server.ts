import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface WebServer extends AsyncDisposable {
  readonly url: string;
  /** What was asked, as `METHOD path`, with the headers. */
  readonly requests: { readonly line: string; readonly headers: Headers }[];
}

export type Handler = (request: Request) => Response | Promise<Response>;

/** An HTTP server on the loopback whose requests and answers are the web's. */
export async function webServer(handler: Handler): Promise<WebServer> {
  const requests: WebServer["requests"] = [];
  const server = createServer((incoming, outgoing) => {
    const request = requestOf(incoming);
    const { pathname } = new URL(request.url);
    requests.push({ line: `${request.method} ${pathname}`, headers: request.headers });
    answer(outgoing, handler(request)).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function requestOf(incoming: IncomingMessage): Request {
  const ended = new AbortController();
  incoming.socket.once("close", () => ended.abort());
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    headers.set(name, [value].flat().join(", "));
  const { method = "GET", url = "/" } = incoming;
  return new Request(`http://${incoming.headers.host}${url}`, {
    method,
    headers,
    signal: ended.signal,
    ...(method === "POST" && { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" }),
  });
}

async function answer(outgoing: ServerResponse, coming: Response | Promise<Response>) {
  const response = await coming;
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (!response.body) return void outgoing.end();
  await pipeline(Readable.fromWeb(response.body), outgoing);
}
