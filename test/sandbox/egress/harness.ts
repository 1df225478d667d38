import { createServer, type RequestListener } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { Duplex } from "node:stream";

import { createEgress, type Egress, type EgressOptions } from "../../../src/sandbox/egress.ts";
import type { EgressEvent } from "../../../src/sandbox/egress/audit.ts";

/** An address that nothing dials: what it stands for listens on the loopback. */
export const publicAddress = "93.184.216.34";

export interface Bench extends AsyncDisposable {
  readonly egress: Egress;
  readonly events: EgressEvent[];
  readonly dials: { readonly address: string; readonly port: number }[];
  readonly lookups: string[];
  /** The client's end of a new connection. */
  open(): Duplex;
  /** Sends text and gives everything that comes back until the end. */
  say(text: string, options?: { readonly end?: boolean }): Promise<string>;
}

export interface BenchOptions extends Partial<EgressOptions> {
  readonly net?: readonly string[];
  readonly granted?: readonly string[];
  /** Where each dialled port leads on the loopback. */
  readonly ports?: Readonly<Record<number, number>>;
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
}

export function bench({
  net = [],
  granted = [],
  ports = {},
  addresses = {},
  ...rest
}: BenchOptions): Bench {
  const events: EgressEvent[] = [];
  const dials: { address: string; port: number }[] = [];
  const lookups: string[] = [];
  const egress = createEgress({
    sessionId: "session-1",
    grants: { net, secrets: granted },
    audit: (event) => events.push(event),
    ownAddresses: () => ["93.184.216.99"],
    lookup: async (host) => {
      lookups.push(host);
      return addresses[host] ?? [publicAddress];
    },
    dial: async (target) => {
      dials.push(target);
      const port = ports[target.port];
      if (port === undefined) throw new Error("connect ECONNREFUSED");
      return connectLocal(port);
    },
    ...rest,
  });
  const open = (): Duplex => {
    const [outside, inside] = channelPair();
    egress.connect(outside);
    return inside;
  };
  return {
    egress,
    events,
    dials,
    lookups,
    open,
    say(text, { end = false } = {}) {
      const channel = open();
      channel.write(text);
      if (end) channel.end();
      return readAll(channel);
    },
    [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose](),
  };
}

export function connectLocal(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });
}

export function readAll(stream: Duplex): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
    stream.on("error", () => {});
    stream.once("end", () => resolve(Buffer.concat(chunks).toString("latin1")));
    stream.once("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

/** Resolves with all that has come once it matches. */
export function until(stream: Duplex, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (!pattern.test(text)) return;
      stream.off("data", onData);
      stream.pause();
      resolve(text);
    };
    stream.on("data", onData).resume();
    stream.once("close", () => reject(new Error(`Closed after ${JSON.stringify(text)}`)));
  });
}

/** Two ends of a connection with back-pressure and half-close, as a channel of the supervisor is. */
export function channelPair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (other: number): Duplex => {
    let waiting: (() => void) | undefined;
    const release = (): void => {
      const resume = waiting;
      waiting = undefined;
      resume?.();
    };
    const end = new Duplex({
      allowHalfOpen: true,
      read: release,
      write(chunk: Buffer, _encoding, done) {
        const peer = ends[other] as Duplex & { wait(done: () => void): void };
        if (peer.destroyed) done(new Error("The other end is gone"));
        else if (peer.push(chunk)) done();
        else peer.wait(done);
      },
      final(done) {
        if (!ends[other]?.destroyed) ends[other]?.push(null);
        done();
      },
      destroy(error, done) {
        release();
        const peer = ends[other];
        if (peer && !peer.destroyed) setImmediate(() => peer.destroy());
        done(error);
      },
    });
    return Object.assign(end, {
      wait: (done: () => void) => {
        waiting = done;
      },
    });
  };
  ends.push(make(1), make(0));
  return ends as [Duplex, Duplex];
}

export interface LocalServer extends AsyncDisposable {
  readonly port: number;
  readonly sockets: Set<Socket>;
}

export async function httpServer(listener: RequestListener): Promise<LocalServer> {
  const server = createServer(listener);
  return listening(server);
}

export async function tcpServer(onSocket: (socket: Socket) => void): Promise<LocalServer> {
  return listening(createTcpServer({ allowHalfOpen: true }, onSocket));
}

export async function listening(server: ReturnType<typeof createTcpServer>): Promise<LocalServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

export const reasonOf = (answer: string): string | undefined =>
  /x-opsthread-refused: ([a-z-]+)/.exec(answer)?.[1];
