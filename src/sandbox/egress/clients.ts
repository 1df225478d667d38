import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import type { Audit } from "./audit.ts";
import { forward } from "./forward.ts";
import { rawAnswerTo, refuse, statusOf, type Refusal } from "./refusal.ts";
import type { Origin } from "./request-target.ts";
import type { EgressSession } from "./session.ts";
import { tunnel } from "./tunnel.ts";

export interface ClientsOptions {
  readonly session: EgressSession;
  readonly audit: Audit;
  /** Owns the work on a request until it has ended, and breaks its connection when it fails. */
  readonly own: (work: Promise<void>, socket: Duplex) => void;
}

/**
 * Reads HTTP/1.1 from connections that need not be sockets, with Node's parser in its strict mode. Node's own time-outs
 * work for listening servers only, so the time for a request's head is kept here.
 */
export function createClients({ session, audit, own }: ClientsOptions) {
  const { headMs, headerBytes } = session.limits;
  const origins = new WeakMap<Duplex, Origin>();
  const waits = new WeakMap<Duplex, Wait>();
  const server = createServer({
    maxHeaderSize: headerBytes,
    insecureHTTPParser: false,
    requireHostHeader: false,
    keepAliveTimeout: 0,
  });
  // Headers over the count would be left out silently; their size is bounded.
  server.maxHeadersCount = 0;
  // A client may end its direction after its last request and wait for the answer.
  Object.assign(server, { httpAllowHalfOpen: true });

  const turnDown = (socket: Duplex, refusal: Refusal): void => {
    audit.turnedAway(refusal.reason, statusOf(refusal));
    if (socket.writable) socket.end(rawAnswerTo(refusal));
    session.linger(socket);
  };

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const wait = waits.get(socket);
    wait?.began();
    response.once("close", () => wait?.ended());
    own(forward(session, [request, response], { origin: origins.get(socket) }), socket);
  });
  server.on("connect", (request, client, head) => {
    waits.get(client)?.stop();
    if (origins.has(client))
      turnDown(client, refuse("bad-request", "there is no CONNECT inside of a tunnel"));
    else own(tunnel(session, [request, client], { head, serve }), client);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const wait = waits.get(socket);
    wait?.stop();
    // In the middle of an answer, another would be taken for a part of it.
    const isUseless = error.code === "ECONNRESET" || !socket.writable || wait?.isBusy();
    if (isUseless) socket.destroy();
    else turnDown(socket, parseProblem(error, headerBytes));
  });

  const serve = (socket: Duplex, origin?: Origin): void => {
    if (origin) origins.set(socket, origin);
    const wait = createWait(headMs, (hasServed) => {
      if (hasServed) socket.destroy();
      else
        turnDown(socket, refuse("head-timeout", `a request's head must come within ${headMs} ms`));
    });
    waits.set(socket, wait);
    socket.once("close", wait.stop);
    server.emit("connection", socket);
    // Whoever looked at its first bytes has stopped it.
    socket.resume();
  };
  return { serve, turnDown };
}

interface Wait {
  readonly began: () => void;
  readonly ended: () => void;
  readonly stop: () => void;
  readonly isBusy: () => boolean;
}

/** Runs out when no request is under way for too long. */
function createWait(ms: number, onLate: (hasServed: boolean) => void): Wait {
  let timer: NodeJS.Timeout | undefined;
  let underWay = 0;
  let hasServed = false;
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    clearTimeout(timer);
  };
  const start = (): void => {
    timer = setTimeout(() => {
      stop();
      onLate(hasServed);
    }, ms);
    timer.unref();
  };
  start();
  return {
    began() {
      underWay += 1;
      clearTimeout(timer);
    },
    ended() {
      underWay -= 1;
      hasServed = true;
      if (underWay === 0 && !isOver) start();
    },
    stop,
    isBusy: () => underWay > 0,
  };
}

function parseProblem({ code }: NodeJS.ErrnoException, headerBytes: number): Refusal {
  return code === "HPE_HEADER_OVERFLOW"
    ? refuse("headers-too-large", `a request's head may have ${headerBytes} bytes`)
    : refuse("bad-request", `this is not HTTP/1.1 as it is spoken here (${code ?? "unreadable"})`);
}
