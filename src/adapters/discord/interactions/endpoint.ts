import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import type { Clock } from "../../../core/clock.ts";
import { messageOf, OpsthreadError } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";

/** Where Discord brings interactions to, instead of telling them over the gateway. */
export interface EndpointOptions {
  /** Of the app, 64 hexadecimal digits: https://discord.com/developers/applications under General Information. */
  readonly publicKey: string;
  readonly port: number;
  /** Default `127.0.0.1`: a proxy with a certificate stands before it. */
  readonly host?: string;
  /** Default `/discord/interactions`. */
  readonly path?: string;
}

/**
 * Serves the endpoint. The answer goes by Discord's API, so that each is given the same way, and only once.
 * https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint
 * @throws {OpsthreadError} `CONFIG_INVALID` for the key, `ADAPTER_UNAVAILABLE` where the port can't be had
 */
export async function serveEndpoint(
  { publicKey, port, host = "127.0.0.1", path = "/discord/interactions" }: EndpointOptions,
  {
    take,
    clock,
    log,
  }: { readonly take: (payload: unknown) => boolean; readonly clock: Clock; readonly log: Logger },
): Promise<AsyncDisposable> {
  const key = keyOf(publicKey);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://here");
    if (request.method !== "POST" || url.pathname !== path)
      return void response.writeHead(404).end();
    const body = await bodyOf(request);
    if (!body) return void response.writeHead(413, { connection: "close" }).end();
    if (!isSigned(request, body, { key, clock })) return void response.writeHead(401).end();
    const payload: unknown = JSON.parse(body.toString());
    if (isPing(payload))
      return void response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ type: 1 }));
    response.writeHead(take(payload) ? 202 : 400).end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.warn({ error: messageOf(error) }, "A request to the interactions endpoint failed");
      if (!response.headersSent) response.writeHead(400);
      response.end();
    });
  });
  server.requestTimeout = 10_000;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new OpsthreadError(
      "ADAPTER_UNAVAILABLE",
      `Cannot listen for interactions on ${host}:${port}: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeIdleConnections();
      await once(server, "close");
    },
  };
}

const maxBody = 1024 ** 2;
/** How old a request may be: what was signed once could be sent again. */
const maxAgeMs = 5 * 60_000;

/** What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo: RFC 8410. */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

function keyOf(publicKey: string): KeyObject {
  if (!/^[0-9a-f]{64}$/i.test(publicKey))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      "Cannot use publicKey: expected the 64 hexadecimal digits under General Information at https://discord.com/developers/applications",
    );
  const key = Buffer.concat([spkiPrefix, Buffer.from(publicKey, "hex")]);
  return createPublicKey({ key, format: "der", type: "spki" });
}

function isSigned(
  { headers }: IncomingMessage,
  body: Buffer,
  { key, clock }: { readonly key: KeyObject; readonly clock: Clock },
): boolean {
  const signature = headers["x-signature-ed25519"];
  const timestamp = headers["x-signature-timestamp"];
  if (typeof signature !== "string" || typeof timestamp !== "string") return false;
  if (!/^[0-9a-f]{128}$/i.test(signature) || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(clock.now() - Number(timestamp) * 1000) > maxAgeMs) return false;
  const signed = Buffer.concat([Buffer.from(timestamp), body]);
  return verify(null, signed, key, Buffer.from(signature, "hex"));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.byteLength;
    if (size > maxBody) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

const isPing = (payload: unknown): boolean =>
  typeof payload === "object" && payload !== null && "type" in payload && payload.type === 1;
