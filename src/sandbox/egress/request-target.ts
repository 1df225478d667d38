import type { IncomingMessage } from "node:http";

import { formatEndpoint, isBadName, parseEndpoint, type Endpoint } from "./host-name.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** Where a request wants to go. */
export interface RequestTarget {
  readonly scheme: "http" | "https";
  readonly endpoint: Endpoint;
  /** Path and query. */
  readonly path: string;
}

/** Where everything on a connection goes that was opened by CONNECT and is read here. */
export interface Origin {
  readonly scheme: "http" | "https";
  readonly endpoint: Endpoint;
}

const defaultPorts = { http: 80, https: 443 } as const;

/** `http://host[:port]/path` on a proxy connection, `/path` inside a tunnel; the Host header says the same host. */
export function requestTarget(
  request: IncomingMessage,
  { origin, urlBytes }: { readonly origin: Origin | undefined; readonly urlBytes: number },
): RequestTarget | Refusal {
  const url = request.url ?? "";
  if (url.length > urlBytes)
    return refuse("url-too-long", `a URL may have ${urlBytes} bytes; this one has more`);
  if (!/^[\x21-\x7e]+$/.test(url) || url.includes("#"))
    return bad("the URL has a character that must be percent-encoded");
  const target = origin ? inTunnel(url, origin) : absolute(url);
  if ("type" in target) return target;
  return hostMismatch(request, target) ?? target;
}

/** `host:port` of CONNECT; the Host header, which says nothing more, must say the same when it is there. */
export function connectTarget(request: IncomingMessage): Endpoint | Refusal {
  const endpoint = parseEndpoint(request.url ?? "");
  if (isBadName(endpoint)) return refuse("bad-name", `the host of CONNECT ${endpoint.why}`);
  const hosts = hostHeaders(request);
  const host = parseEndpoint(hosts[0] ?? "", 443);
  const isSame = !isBadName(host) && host.host === endpoint.host;
  if (hosts.length > 1 || (hosts.length === 1 && !isSame))
    return bad("the Host header is not the host that CONNECT names");
  return endpoint;
}

function absolute(url: string): RequestTarget | Refusal {
  const match = /^http:\/\/([^/?#\\]*)(\/[^#]*|\?[^#]*)?$/i.exec(url);
  if (!match) {
    return /^https:/i.test(url)
      ? bad("https goes through CONNECT; use HTTPS_PROXY with a client that supports it")
      : bad("a request to a proxy names its whole URL, such as http://example.com/");
  }
  const authority = match[1] ?? "";
  if (authority.includes("@")) return refuse("bad-name", "the URL has user information in it");
  const endpoint = parseEndpoint(authority, defaultPorts.http);
  if (isBadName(endpoint)) return refuse("bad-name", `the host of the URL ${endpoint.why}`);
  if (endpoint.port === defaultPorts.https)
    return bad("port 443 is for https; use a URL that begins with https://");
  const path = match[2] ?? "/";
  return { scheme: "http", endpoint, path: path.startsWith("?") ? `/${path}` : path };
}

function inTunnel(url: string, origin: Origin): RequestTarget | Refusal {
  if (!url.startsWith("/")) return bad("a request inside of a tunnel names its path only");
  return { ...origin, path: url };
}

function hostMismatch(
  request: IncomingMessage,
  { endpoint, scheme }: RequestTarget,
): Refusal | undefined {
  const [host, ...more] = hostHeaders(request);
  if (host === undefined || more.length > 0) return bad("a request has exactly one Host header");
  const said = parseEndpoint(host, defaultPorts[scheme]);
  if (isBadName(said)) return refuse("bad-name", `the Host header ${said.why}`);
  if (said.host === endpoint.host && said.port === endpoint.port) return undefined;
  return bad(
    `the Host header is not ${formatEndpoint(endpoint, defaultPorts[scheme])}, which the request goes to`,
  );
}

function hostHeaders({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
}

const bad = (text: string): Refusal => refuse("bad-request", text);

/** The Host header that the request is sent on with. */
export function hostHeaderOf({ endpoint, scheme }: RequestTarget): string {
  return formatEndpoint(endpoint, defaultPorts[scheme]);
}
