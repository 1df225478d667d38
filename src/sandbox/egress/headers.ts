import type { IncomingMessage } from "node:http";

import { refuse, type Refusal } from "./refusal.ts";

/** Name and value, in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export function headersOf({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">): HeaderList {
  return Array.from({ length: rawHeaders.length / 2 }, (_, at) => [
    rawHeaders[2 * at] ?? "",
    rawHeaders[2 * at + 1] ?? "",
  ]);
}

/** What a request's or answer's head takes on the wire, about. */
export function headBytes(message: Pick<IncomingMessage, "rawHeaders">, firstLine: string): number {
  return message.rawHeaders.reduce((sum, part) => sum + part.length + 2, firstLine.length + 12);
}

/**
 * Why the message might be read differently by the next in line. Node's parser has refused a folded header, a bare LF,
 * a NUL, two lengths, and a length beside chunks already.
 */
export function framingProblem(request: IncomingMessage): Refusal | undefined {
  const { httpVersionMajor, httpVersionMinor, headers, method } = request;
  if (httpVersionMajor !== 1 || httpVersionMinor > 1) return bad("only HTTP/1.1 is spoken here");
  const encoding = headers["transfer-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "chunked")
    return bad("the only transfer encoding is chunked");
  if (encoding !== undefined && headers["content-length"] !== undefined)
    return bad("a request has a Content-Length or chunks, not both");
  if (encoding !== undefined && httpVersionMinor === 0) return bad("HTTP/1.0 has no chunks");
  if (method === "TRACE" || method === "TRACK")
    return refuse("unsupported", `${method} is not carried: it shows a request's headers`);
  const isConnect = method === "CONNECT";
  if (isConnect && (encoding !== undefined || headers["content-length"] !== undefined))
    return bad("CONNECT has no body");
  if (/\bwebsocket\b/i.test(headers.upgrade ?? ""))
    return refuse(
      "unsupported",
      "a WebSocket goes through CONNECT, and not to a host that a secret is added for",
    );
  return undefined;
}

/** Meant for this hop only. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const hopByHop = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The headers that go on to the next hop, without those in `dropped` (lower case). */
export function endToEnd(headers: HeaderList, dropped: readonly string[] = []): HeaderList {
  const named = headers
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.split(","))
    .map((name) => name.trim().toLowerCase())
    // A client that calls the length a matter of this hop would change where the message ends.
    .filter((name) => name !== "content-length");
  const gone = new Set([...hopByHop, ...named, ...dropped]);
  return headers.filter(([name]) => {
    const key = name.toLowerCase();
    return !gone.has(key) && !key.startsWith("proxy-");
  });
}

const bad = (text: string): Refusal => refuse("bad-request", text);
