import {
  request as sendRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";

import type { Exchange } from "./exchange.ts";
import { endToEnd, framingProblem, headBytes, headersOf, type HeaderList } from "./headers.ts";
import { createMask, type Mask } from "./mask.ts";
import { pump } from "./pump.ts";
import { answerTo, isRefusal, refuse, type Refusal } from "./refusal.ts";
import { hostHeaderOf, requestTarget, type Origin, type RequestTarget } from "./request-target.ts";
import { schemeProblem, secretHeaders, type SecretHeader } from "./secrets.ts";
import { admit, type EgressSession } from "./session.ts";
import { connectUpstream } from "./upstream.ts";

export interface ForwardOptions {
  /** Where the tunnel leads that the request came through; absent for a plain proxy request. */
  readonly origin: Origin | undefined;
}

/** Carries one request and its answer. Settles when both are done with. */
export async function forward(
  session: EgressSession,
  [request, response]: readonly [IncomingMessage, ServerResponse],
  { origin }: ForwardOptions,
): Promise<void> {
  request.on("error", () => {});
  response.on("error", () => {});
  const begun = session.begin(request.method ?? "", "request");
  if (isRefusal(begun)) {
    answer(response, begun);
    session.linger(request.socket);
    return;
  }
  using exchange = begun;
  response.once("close", () => {
    if (!response.writableEnded) exchange.cut(refuse("closed", "the client has gone away"));
  });
  const outcome = await carry(session, exchange, { request, response, origin });
  if (isRefusal(outcome)) answer(response, outcome);
  exchange.end(outcome);
  // What is left of a body that nobody wants would be in the way of the next request.
  if (!request.complete || isRefusal(outcome)) session.linger(request.socket);
}

interface Carried {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly origin: Origin | undefined;
}

async function carry(
  session: EgressSession,
  exchange: Exchange,
  { request, response, origin }: Carried,
): Promise<{ readonly status: number } | Refusal> {
  const limited = session.meter.request() ?? framingProblem(request);
  if (limited) return limited;
  const target = requestTarget(request, { origin, urlBytes: session.limits.urlBytes });
  if ("type" in target) return target;
  const [path = "/"] = target.path.split("?", 1);
  exchange.note({ endpoint: target.endpoint, path: session.redact(path).slice(0, 256) });
  const admitted = admit(session, target.endpoint);
  if (isRefusal(admitted)) return admitted;
  const problem = schemeProblem(admitted.secrets, target);
  if (problem) return problem;
  const secrets = await secretHeaders(admitted.secrets);
  if (isRefusal(secrets)) return secrets;
  const forms = secrets.flatMap((secret) => secret.forms);
  const mask = forms.length === 0 ? undefined : createMask(forms);
  exchange.note({
    secrets: secrets.map(({ name }) => name),
    ...(mask && { path: mask.text(session.redact(path)).slice(0, 256) }),
  });

  const connection = await connectUpstream(session, exchange, target);
  if (isRefusal(connection)) return connection;
  const upstream = sendRequest({
    createConnection: () => connection.socket,
    method: request.method ?? "GET",
    path: target.path,
    headers: upstreamHeaders(request, target, secrets),
    setHost: false,
    maxHeaderSize: session.limits.headerBytes * 4,
  });
  const stop = (): void => void upstream.destroy();
  exchange.signal.addEventListener("abort", stop, { once: true });
  if (exchange.signal.aborted) stop();
  try {
    return await converse(exchange, { request, response, upstream, mask });
  } finally {
    exchange.signal.removeEventListener("abort", stop);
    upstream.destroy();
    connection.socket.destroy();
  }
}

/** Header lists as Node takes them: names and values in turn. */
function upstreamHeaders(
  request: IncomingMessage,
  target: RequestTarget,
  secrets: readonly SecretHeader[],
): string[] {
  const own = ["host", "expect", ...secrets.map(({ header }) => header)];
  // What is masked must be readable, and whole.
  const hidden = secrets.length > 0 ? ["accept-encoding", "range", "if-range"] : [];
  const { headers, method = "" } = request;
  const isChunked = headers["transfer-encoding"] !== undefined;
  // Node would send a body of no chunks in the place of no body.
  const isEmpty = !isChunked && headers["content-length"] === undefined;
  const saysEmpty = isEmpty && ["POST", "PUT", "PATCH"].includes(method);
  const list: HeaderList = [
    ["host", hostHeaderOf(target)],
    ...endToEnd(headersOf(request), [...own, ...hidden]),
    ...secrets.map(({ header, value }) => [header, value] as const),
    ...(secrets.length > 0 ? [["accept-encoding", "identity"] as const] : []),
    ...(isChunked ? [["transfer-encoding", "chunked"] as const] : []),
    ...(saysEmpty ? [["content-length", "0"] as const] : []),
    ["connection", "close"],
  ];
  return list.flat();
}

interface Conversation {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: ClientRequest;
  readonly mask: Mask | undefined;
}

async function converse(
  exchange: Exchange,
  { request, response, upstream, mask }: Conversation,
): Promise<{ readonly status: number } | Refusal> {
  const answered = answerOf(upstream);
  exchange.sent(headBytes(request, request.url ?? ""));
  const sending = pump(request, upstream, {
    each: (chunk) => {
      exchange.sent(chunk.length);
      return exchange.signal.aborted ? nothing : chunk;
    },
  });
  try {
    const incoming = await answered;
    if (isRefusal(exchange.signal.reason)) return exchange.signal.reason;
    if (incoming === undefined) return failed("closed the connection without an answer");
    return await reply(exchange, { incoming, response, mask });
  } finally {
    upstream.destroy();
    await sending;
  }
}

interface Reply {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly mask: Mask | undefined;
}

async function reply(
  exchange: Exchange,
  { incoming, response, mask }: Reply,
): Promise<{ readonly status: number } | Refusal> {
  const status = incoming.statusCode ?? 502;
  exchange.received(headBytes(incoming, incoming.statusMessage ?? ""));
  const encoding = incoming.headers["content-encoding"] ?? "identity";
  if (mask && encoding !== "identity")
    return refuse("encoded-response", "the answer is compressed, though a plain one was asked for");
  const show = (text: string): string => mask?.text(text) ?? text;
  const headers = endToEnd(headersOf(incoming)).flatMap((pair) => pair.map(show));
  try {
    response.sendDate = false;
    response.writeHead(status, show(incoming.statusMessage ?? ""), headers).flushHeaders();
  } catch {
    // Node refuses to write what it has read: a character that no header may hold.
    return failed("sent a head that can't be passed on");
  }
  let isCut = false;
  const isWhole = await pump(incoming, response, {
    each: (chunk) => {
      exchange.received(chunk.length);
      isCut ||= exchange.signal.aborted;
      return isCut ? nothing : (mask?.chunk(chunk) ?? chunk);
    },
    last: () => mask?.rest() ?? nothing,
  });
  if (isWhole && incoming.complete && !isCut) return { status };
  if (isRefusal(exchange.signal.reason)) return exchange.signal.reason;
  return failed("broke off in the middle of its answer");
}

const nothing = Buffer.alloc(0);

function answerOf(upstream: ClientRequest): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    upstream.once("response", resolve);
    upstream.on("error", () => resolve(undefined));
    upstream.once("close", () => resolve(undefined));
    upstream.once("upgrade", (_, socket) => socket.destroy());
  });
}

const failed = (what: string): Refusal => refuse("upstream-failed", `the other side ${what}`);

/** Says why, or, when the answer has begun, breaks it off so that it is not taken for a whole one. */
function answer(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, phrase, headers, body } = answerTo(refusal);
  response.writeHead(status, phrase, headers).end(body);
}
