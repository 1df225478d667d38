import { lookup as resolveName } from "node:dns/promises";
import { isIP, connect } from "node:net";
import type { Duplex } from "node:stream";

import { messageOf } from "../../core/errors.ts";
import type { AddressCheck } from "./addresses.ts";
import { deadline } from "./deadline.ts";
import { formatEndpoint, type Endpoint } from "./host-name.ts";
import type { PrivateDestinations } from "./private-destinations.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";

/** All addresses of a name, as the system resolves it. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Connects to an address, never to a name. */
export type Dial = (
  target: { readonly address: string; readonly port: number },
  options: { readonly signal: AbortSignal },
) => Promise<Duplex>;

export interface DialOptions {
  readonly lookup: Lookup;
  readonly dial: Dial;
  readonly refusedAddress: AddressCheck;
  readonly isAllowedPrivate: PrivateDestinations;
  readonly connectMs: number;
}

export interface Connection {
  readonly socket: Duplex;
  readonly address: string;
}

export type Dialler = (
  endpoint: Endpoint,
  options: { readonly signal: AbortSignal; readonly onAddress: (address: string) => void },
) => Promise<Connection | Refusal>;

/** Tried one after the other when a name has several addresses. */
const mostAddresses = 4;

/**
 * Resolves a name once, checks every address of the answer, and connects to one of those: there is no second look-up
 * whose answer could be another. One refused address refuses the name, since no honest name has such beside public ones.
 */
export function createDialler(options: DialOptions): Dialler {
  return async (endpoint, { signal: flow, onAddress }) => {
    using overall = deadline(flow, options.connectMs);
    const addresses = await resolve(endpoint, { ...options, onAddress, signal: overall.signal });
    if (isRefusal(addresses)) return addresses;
    let failure: Refusal | undefined;
    for (const address of addresses) {
      onAddress(address);
      using share = deadline(overall.signal, Math.ceil(options.connectMs / addresses.length));
      const { dial } = options;
      const connection = await attempt(endpoint, { address, dial, signal: share.signal });
      if (isRefusal(flow.reason)) {
        if (!isRefusal(connection)) connection.socket.destroy();
        return flow.reason;
      }
      if (!isRefusal(connection)) return connection;
      failure = connection;
      if (overall.signal.aborted) break;
    }
    return failure ?? notResolved(endpoint);
  };
}

export const systemLookup: Lookup = async (host) => {
  const answers = await resolveName(host, { all: true, verbatim: true });
  return answers.map(({ address }) => address);
};

export const tcpDial: Dial = ({ address, port }, { signal }) =>
  new Promise((resolvePromise, reject) => {
    // The other side may go on sending after this one has said its last word, and the other way round.
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const stop = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener("abort", stop, { once: true });
    socket.once("connect", () => {
      signal.removeEventListener("abort", stop);
      socket.off("error", reject);
      resolvePromise(socket);
    });
    socket.once("error", reject);
    socket.once("close", () => signal.removeEventListener("abort", stop));
  });

interface ResolveOptions extends DialOptions {
  readonly onAddress: (address: string) => void;
  readonly signal: AbortSignal;
}

async function resolve(
  endpoint: Endpoint,
  { lookup, refusedAddress, isAllowedPrivate, onAddress, signal }: ResolveOptions,
): Promise<readonly string[] | Refusal> {
  const { host, port } = endpoint;
  const answers = isIP(host) ? [host] : await lookedUp(lookup(host), signal);
  if (answers === undefined || answers.length === 0)
    return isRefusal(signal.reason) ? signal.reason : notResolved(endpoint);
  for (const address of answers) {
    const why = refusedAddress(address);
    if (why === undefined || isAllowedPrivate(address, port, why)) continue;
    onAddress(address);
    return refuse(
      "address-refused",
      `${formatEndpoint(endpoint)} leads to an address that is refused (${why}); only an operator can open it, with allowPrivate`,
    );
  }
  return [...new Set(answers)].slice(0, mostAddresses);
}

/** The answer, or undefined when there is none in time. A look-up can't be called off, only not waited for. */
async function lookedUp(
  answers: Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  let stop = (): void => {};
  const aborted = new Promise<undefined>((done) => {
    stop = () => done(undefined);
  });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([answers.catch(() => undefined), aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

interface AttemptOptions {
  readonly address: string;
  readonly dial: Dial;
  readonly signal: AbortSignal;
}

async function attempt(
  endpoint: Endpoint,
  { address, dial, signal }: AttemptOptions,
): Promise<Connection | Refusal> {
  try {
    return { socket: await dial({ address, port: endpoint.port }, { signal }), address };
  } catch (error) {
    if (signal.aborted)
      return refuse("connect-timeout", `${formatEndpoint(endpoint)} did not answer in time`);
    const code = /\bE[A-Z]{4,}\b/.exec(messageOf(error))?.[0] ?? "no connection";
    return refuse("connect-failed", `${formatEndpoint(endpoint)} can't be connected to (${code})`);
  }
}

const notResolved = (endpoint: Endpoint): Refusal =>
  refuse("not-resolved", `the name ${endpoint.host} has no address`);
