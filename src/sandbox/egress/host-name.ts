import { isIPv4, isIPv6 } from "node:net";

/** A host and port. The host is canonical: lower case, an IPv6 address without brackets and compressed. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A text that names no host in the one form that everything down the line reads the same way. */
export interface BadName {
  readonly type: "bad-name";
  readonly why: string;
}

const longestName = 253;
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** What the URL standard and `inet_aton` take for an IPv4 address: any name that ends in a number. */
const endsInNumber = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * The canonical form of a host as it stands in a URL. Names that resolvers, URL parsers and this proxy might read
 * differently are bad, not repaired: a difference between two readers is how allowlists are passed.
 */
export function canonicalHost(text: string): string | BadName {
  if (text === "") return bad("is empty");
  if (!/^[\x21-\x7e]+$/.test(text)) return bad("has a space, a control or a non-ASCII character");
  if (text.startsWith("[")) return canonicalIpv6(text);
  const name = text.toLowerCase();
  if (name.length > longestName) return bad(`is longer than ${longestName} characters`);
  if (endsInNumber.test(name))
    return isIPv4(name) ? name : bad("is an IPv4 address in an unusual form");
  if (name.endsWith(".")) return bad("ends in a dot");
  if (!name.split(".").every((part) => label.test(part)))
    return bad("has a label that is not of letters, digits, - and _");
  return hostnameOf(name) === name ? name : bad("is not a valid name");
}

/** Reads `host`, or `host:port`. */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint | BadName {
  const match = /^(\[[^[\]]*\]|[^:[\]]*)(?::([0-9]*))?$/.exec(text);
  if (!match) return bad("is not of the form host:port");
  const host = canonicalHost(match[1] ?? "");
  if (typeof host !== "string") return host;
  const port = match[2] === undefined ? defaultPort : canonicalPort(match[2]);
  return port === undefined ? bad("has no port from 1 to 65535") : { host, port };
}

/** The endpoint as it stands in a URL or a Host header; a port that the scheme implies can be left out. */
export function formatEndpoint({ host, port }: Endpoint, impliedPort?: number): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === impliedPort ? name : `${name}:${port}`;
}

export function isBadName(value: object | string): value is BadName {
  return typeof value === "object" && "type" in value && value.type === "bad-name";
}

function canonicalIpv6(text: string): string | BadName {
  const address = text.slice(1, -1);
  // A zone id (%eth0) is no part of an address that leaves the machine.
  const isPlain = text.endsWith("]") && /^[0-9a-f:.]+$/i.test(address) && isIPv6(address);
  return isPlain
    ? (hostnameOf(text)?.slice(1, -1) ?? bad("is no IPv6 address"))
    : bad("is no IPv6 address");
}

function canonicalPort(text: string): number | undefined {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

function hostnameOf(host: string): string | undefined {
  return URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : undefined;
}

const bad = (why: string): BadName => ({ type: "bad-name", why });
