import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { ZodError } from "zod";

import { type Answer, banned, limited, notFound, refused } from "./answers.ts";
import { serveFile } from "./cdn.ts";
import { type DiscordCallFault, takeFault } from "./faults.ts";
import { type RateLimits, renameLimit } from "./rate-limits.ts";
import { bodyOf, bytesOf } from "./read-request.ts";
import { DiscordRefusal, refusals } from "./refusal.ts";
import { channelRoutes } from "./routes/channels.ts";
import { commandRoutes } from "./routes/commands.ts";
import { interactionRoutes } from "./routes/interactions.ts";
import { messageRoutes } from "./routes/messages.ts";
import { threadRoutes } from "./routes/threads.ts";
import type { Route, ServerSide } from "./server-side.ts";

export interface RestServer extends AsyncDisposable {
  readonly url: string;
  readonly server: ReturnType<typeof createServer>;
}

export interface RestOptions {
  readonly token: string;
  readonly limits: RateLimits;
  readonly side: () => ServerSide;
  /** Each call that was made, in order: its method and path. */
  readonly calls: string[];
}

/** Discord's servers on loopback: the REST API, version 10, and the place of files. */
export async function restServer(options: RestOptions): Promise<RestServer> {
  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing).catch((error: unknown) => {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end(`The twin failed: ${String(error)}`);
    });
  });
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { pathname, searchParams: query } = new URL(incoming.url ?? "/", "http://twin");
    const body = await bytesOf(incoming);
    if (pathname.startsWith("/attachments/"))
      return serveFile({ pathname, query, outgoing, side: options.side() });
    const path = /^\/api\/v10(\/.*)$/.exec(pathname)?.[1];
    const given = { method: incoming.method ?? "GET", path: path ?? "", query, incoming, body };
    const answer = path === undefined ? notFound : await callRoute(given, options);
    if (answer === "cut") return void outgoing.destroy();
    const { status, headers, body: content } = answer;
    const isText = typeof content === "string";
    const type = { "content-type": isText ? "text/html" : "application/json" };
    outgoing.writeHead(status, { ...(content !== undefined && type), ...headers });
    outgoing.end(content === undefined ? "" : isText ? content : JSON.stringify(content));
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- A TCP server's address has this shape.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function callRoute(
  {
    method,
    path,
    query,
    incoming,
    body,
  }: {
    readonly method: string;
    readonly path: string;
    readonly query: URLSearchParams;
    readonly incoming: IncomingMessage;
    readonly body: Buffer;
  },
  { token, limits, side: sideOf, calls }: RestOptions,
): Promise<Answer | "cut"> {
  calls.push(`${method} ${path}`);
  const side = sideOf();
  if (limits.isBanned()) return banned;
  const found = find(method, path);
  if (!found) return refused(refusals.notFound(), limits);
  const { name, ids, route } = found;
  const { data, files } = await bodyOf(incoming, body);
  if (!route.isOpen && incoming.headers.authorization !== `Bot ${token}`)
    return refused(refusals.unauthorized(), limits);
  const isRename = name === "PATCH /channels/{}" && hasName(data);
  const counted = limits.count({
    route: name,
    major: `${ids[0] ?? ""}${name.includes("webhooks") ? (ids[1] ?? "") : ""}`,
    isInteraction: route.isOpen ?? false,
    sub: isRename ? renameLimit : undefined,
  });
  const { headers } = counted;
  if (counted.refused) return limited({ ...counted.refused, headers }, limits);
  const run = (): Answer => {
    try {
      const result = route.run({ ids, body: data, files, query, side });
      return result ? { status: 200, headers, body: result } : { status: 204, headers };
    } catch (error) {
      if (error instanceof DiscordRefusal) return { ...refused(error, limits), headers };
      if (isZodError(error))
        return {
          status: 400,
          headers,
          body: { code: 50_035, message: "Invalid Form Body", errors: error.issues },
        };
      throw error;
    }
  };
  const fault = takeFault(side.faults, { route: name, path, body: data });
  return fault ? faulty(fault, run, limits) : run();
}

async function faulty(
  fault: DiscordCallFault,
  run: () => Answer,
  limits: RateLimits,
): Promise<Answer | "cut"> {
  switch (fault.type) {
    case "drop":
      if (fault.taken) run();
      return "cut";
    case "status":
      if (fault.taken) run();
      return { status: fault.status, body: "<html></html>" };
    case "rate-limited": {
      const { retryAfterS, scope = "user" } = fault;
      return limited({ retryAfterS, global: scope === "global", scope, headers: {} }, limits);
    }
    case "error":
      return refused(new DiscordRefusal(fault.status, fault.code, fault.message), limits);
    case "slow":
      await fault.until;
      return run();
    case "late": {
      const answer = run();
      await fault.until;
      return answer;
    }
  }
}

const routes: Readonly<Record<string, Route>> = {
  ...channelRoutes,
  ...threadRoutes,
  ...messageRoutes,
  ...interactionRoutes,
  ...commandRoutes,
};
const table = Object.entries(routes).map(([name, route]) => {
  const [method = "", path = ""] = name.split(" ");
  const pattern = new RegExp(`^${path.replaceAll("{}", "([^/]+)")}$`);
  return { name, method, pattern, route, places: path.split("{}").length };
});

/** The route with the fewest places to fill in: `/users/@me` before `/users/{}`. */
function find(method: string, path: string) {
  for (const { name, method: wanted, pattern, route } of table.toSorted(
    (a, b) => a.places - b.places,
  )) {
    // Some clients escape the sign of `@me` and `@original`.
    const match = wanted === method ? pattern.exec(path.replaceAll("%40", "@")) : null;
    if (match) return { name, route, ids: match.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

const hasName = (body: unknown): boolean =>
  typeof body === "object" && body !== null && "name" in body;

const isZodError = (error: unknown): error is ZodError =>
  error instanceof Error && error.name === "ZodError" && "issues" in error;
