import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { PendingFaults, SlackCallFault } from "./faults.ts";
import { chatMethods } from "./methods/chat.ts";
import { fileMethods } from "./methods/files.ts";
import type { SlackSide } from "./methods/method.ts";
import { readingMethods } from "./methods/reading.ts";
import { paramsOf } from "./params.ts";
import { Refusal } from "./refusal.ts";

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly server: ReturnType<typeof createServer>;
}

export interface ServeOptions {
  readonly tokens: { readonly bot: string; readonly app: string };
  readonly scopes: ReadonlySet<string>;
  readonly faults: PendingFaults;
  readonly side: () => Omit<SlackSide, "url">;
  /** Each call that was made, in order. */
  readonly calls: string[];
}

/** Slack's servers on loopback: the Web API, the place for uploads, and that of private files. */
export async function serve(options: ServeOptions): Promise<Served> {
  const server = createServer((incoming, outgoing) => {
    void answer({ incoming, outgoing }, options, address()).catch((error: unknown) => {
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

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

async function answer(exchange: Exchange, options: ServeOptions, url: string): Promise<void> {
  const { incoming, outgoing } = exchange;
  const body = await bytesOf(incoming);
  const { pathname, searchParams } = new URL(incoming.url ?? "/", url);
  const [, area, ...rest] = pathname.split("/");
  if (area === "api")
    return call(exchange, { method: rest.join("/"), body, searchParams }, options, url);
  if (area === "upload") return upload(exchange, { id: rest[1] ?? "", body }, options);
  if (area === "files-pri") return download(exchange, rest[0] ?? "", options);
  outgoing.writeHead(404).end();
}

async function call(
  { incoming, outgoing }: Exchange,
  asked: { readonly method: string; readonly body: Buffer; readonly searchParams: URLSearchParams },
  options: ServeOptions,
  url: string,
): Promise<void> {
  const { method } = asked;
  const { calls, faults, scopes } = options;
  calls.push(method);
  const fault: SlackCallFault | undefined = faults.calls.get(method)?.shift();
  if (fault?.type === "rate-limited") {
    outgoing.writeHead(429, { "retry-after": String(fault.retryAfterS) });
    return void outgoing.end(JSON.stringify({ ok: false, error: "ratelimited" }));
  }
  if (fault?.type === "slow") await fault.until;
  const isCut = fault?.type === "drop" || fault?.type === "status";
  const result =
    fault?.type === "error"
      ? { ok: false, error: fault.error }
      : isCut && !fault.taken
        ? {}
        : run({ ...asked, token: tokenOf(incoming, asked.body) }, options, url);
  if (fault?.type === "drop") return void outgoing.destroy();
  if (fault?.type === "status") return void outgoing.writeHead(fault.status).end("<html></html>");
  outgoing.writeHead(200, {
    "content-type": "application/json; charset=utf-8",
    "x-oauth-scopes": [...scopes].join(","),
  });
  outgoing.end(JSON.stringify(result));
}

function run(
  asked: {
    readonly method: string;
    readonly body: Buffer;
    readonly token: string | undefined;
    readonly searchParams: URLSearchParams;
  },
  { tokens, scopes, side }: ServeOptions,
  url: string,
): object {
  const { method, body, token, searchParams } = asked;
  try {
    const known = methods[method];
    if (!known) throw new Refusal("unknown_method", { req_method: method });
    if (token === undefined) throw new Refusal("not_authed");
    if (token !== tokens.bot && token !== tokens.app) throw new Refusal("invalid_auth");
    if ((token === tokens.app) !== (known.byApp ?? false))
      throw new Refusal("not_allowed_token_type");
    const { scope } = known;
    if (scope !== undefined && !scopes.has(scope))
      throw new Refusal("missing_scope", { needed: scope, provided: [...scopes].join(",") });
    const params = new URLSearchParams([...searchParams, ...new URLSearchParams(body.toString())]);
    return { ok: true, ...known.run(paramsOf(params), { ...side(), url }) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, error: error.error, ...error.more };
  }
}

const methods = { ...chatMethods, ...readingMethods, ...fileMethods };

function tokenOf({ headers }: IncomingMessage, body: Buffer): string | undefined {
  return (
    /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ??
    new URLSearchParams(body.toString()).get("token") ??
    undefined
  );
}

async function upload(
  { incoming, outgoing }: Exchange,
  { id, body }: { readonly id: string; readonly body: Buffer },
  { side }: ServeOptions,
): Promise<void> {
  const pending = side().workspace.uploads.get(id);
  // The address alone is the right to it, so a token has no business there.
  const isUsable =
    pending && incoming.method === "POST" && incoming.headers.authorization === undefined;
  if (!isUsable || body.byteLength !== pending.length) return void outgoing.writeHead(400).end();
  pending.bytes = body;
  outgoing.writeHead(200).end(`OK - ${body.byteLength}`);
}

async function download(
  { incoming, outgoing }: Exchange,
  id: string,
  { side, tokens, scopes, faults }: ServeOptions,
): Promise<void> {
  const isAllowed =
    incoming.headers.authorization === `Bearer ${tokens.bot}` && scopes.has("files:read");
  if (!isAllowed || faults.signedOut) {
    // No 401: a page to sign in.
    outgoing.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    return void outgoing.end("<!DOCTYPE html><html><title>Sign in | Slack</title></html>");
  }
  const file = side().workspace.files.get(id);
  if (!file) return void outgoing.writeHead(404).end();
  outgoing.writeHead(200, {
    "content-type": file.mimetype,
    "content-length": file.bytes.byteLength,
  });
  outgoing.end(file.bytes);
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
