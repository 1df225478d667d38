import { randomUUID } from "node:crypto";

import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import type { TwinSocket } from "../slack-twin/web-socket.ts";
import { intentFor, knownIntents, type PrivilegedIntent, privilegedIntents } from "./intents.ts";

/** What the twin tells of, and for whom it is. */
export interface Dispatched {
  readonly event: string;
  /** Undefined for what happens in direct channels. */
  readonly guildId: string | undefined;
  /** Depends on what the session asked for. */
  readonly data: (intents: number) => object;
}

export interface GatewayOptions {
  readonly clock: Clock;
  readonly token: string;
  readonly url: () => string;
  readonly heartbeatMs: number;
  /** Privileged intents that are turned on in the portal. */
  readonly granted: ReadonlySet<PrivilegedIntent>;
  /** READY's own fields. */
  readonly ready: () => object;
  /** What a session is told of when it begins. */
  readonly guilds: () => readonly { readonly id: string; readonly data: object }[];
}

/** Discord's gateway: https://discord.com/developers/docs/events/gateway */
export interface Gateway extends Disposable {
  connect(socket: TwinSocket): { take(text: string): void; closed(code: number | undefined): void };
  dispatch(dispatched: Dispatched, times?: number): void;
  /** Sessions that are connected. */
  readonly connected: readonly TwinSocket[];
  /** What is said by whom: `identify`, `resume`, `heartbeat`, `close 4014`, … */
  readonly log: string[];
  /** How many sessions may still be begun today. */
  readonly starts: { remaining: number };
  /** From now on heartbeats are not answered, and nothing is told: the line is dead and does not know it. */
  goSilent(): void;
  /** Asks all to connect again. */
  reconnect(): void;
  /** Ends all sessions: they can't be resumed. */
  invalidate(): void;
  /** Cuts all lines; `code` for the polite way. */
  cut(code?: number): void;
}

interface Session {
  readonly id: string;
  readonly intents: number;
  readonly shard: readonly [number, number];
  readonly told: { readonly s: number; readonly text: string }[];
  seq: number;
  socket: TwinSocket | undefined;
}

interface Connection {
  readonly socket: TwinSocket;
  session?: Session;
  readonly sent: number[];
  isSilent: boolean;
}

export function discordGateway(options: GatewayOptions): Gateway {
  const { clock, token, url, heartbeatMs, granted } = options;
  const sessions = new Map<string, Session>();
  const connections = new Set<Connection>();
  const log: string[] = [];
  const starts = { remaining: 1000 };
  let lastIdentify = -Infinity;

  const refuse = ({ socket }: Connection, code: number, reason: string): void => {
    log.push(`close ${code}`);
    socket.close(code, reason);
  };
  const tell = (session: Session, event: string, data: object): void => {
    session.seq += 1;
    const text = JSON.stringify({ op: 0, t: event, s: session.seq, d: data });
    session.told.push({ s: session.seq, text });
    if (session.told.length > kept) session.told.shift();
    const connection = [...connections].find((each) => each.session === session);
    if (connection && !connection.isSilent) connection.socket.send(text);
  };
  const identify = (connection: Connection, given: unknown): void => {
    const parsed = Identify.safeParse(given);
    if (!parsed.success) return refuse(connection, 4002, "Error while decoding payload.");
    const { intents, shard } = parsed.data;
    if (parsed.data.token !== token) return refuse(connection, 4004, "Authentication failed.");
    if (shard[0] >= shard[1]) return refuse(connection, 4010, "Invalid shard.");
    if (intents > knownIntents) return refuse(connection, 4013, "Invalid intent(s).");
    const isGranted = Object.entries(privilegedIntents).every(
      ([name, bit]) => (intents & bit) === 0 || [...granted].some((each) => each === name),
    );
    if (!isGranted) return refuse(connection, 4014, "Disallowed intent(s).");
    // One per five seconds and rate limit key; the client is told that its session is not valid.
    const isTooSoon = clock.now() - lastIdentify < identifyEveryMs / Math.max(1, shard[1]);
    if (isTooSoon && sessions.size > 0) return connection.socket.send('{"op":9,"d":false}');
    if (starts.remaining <= 0) return refuse(connection, 4004, "Authentication failed.");
    starts.remaining -= 1;
    lastIdentify = clock.now();
    const session: Session = {
      id: randomUUID(),
      intents,
      shard,
      told: [],
      seq: 0,
      socket: connection.socket,
    };
    sessions.set(session.id, session);
    connection.session = session;
    const guilds = options.guilds().filter(({ id }) => isOfShard(session, id));
    tell(session, "READY", {
      ...options.ready(),
      session_id: session.id,
      resume_gateway_url: url(),
      shard,
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
    });
    for (const { data } of guilds) tell(session, "GUILD_CREATE", data);
  };
  const resume = (connection: Connection, given: unknown): void => {
    const parsed = Resume.safeParse(given);
    if (!parsed.success) return refuse(connection, 4002, "Error while decoding payload.");
    const { session_id, seq } = parsed.data;
    if (parsed.data.token !== token) return refuse(connection, 4004, "Authentication failed.");
    const session = sessions.get(session_id);
    const [oldest] = session?.told ?? [];
    if (!session || seq > session.seq || (oldest && oldest.s > seq + 1))
      return connection.socket.send('{"op":9,"d":false}');
    connection.session = session;
    for (const { s, text } of session.told) if (s > seq) connection.socket.send(text);
    tell(session, "RESUMED", {});
  };
  const take = (connection: Connection, text: string): void => {
    const now = clock.now();
    connection.sent.push(now);
    while (now - (connection.sent[0] ?? now) > 60_000) connection.sent.shift();
    if (connection.sent.length > 120)
      return refuse(connection, 4008, "You are being rate limited.");
    const parsed = Payload.safeParse(parse(text));
    if (!parsed.success) return refuse(connection, 4002, "Error while decoding payload.");
    const { op, d } = parsed.data;
    log.push(opcodes[op] ?? `op ${op}`);
    switch (op) {
      case 1:
        if (!connection.isSilent) connection.socket.send('{"op":11}');
        return;
      case 2:
        if (connection.session) return refuse(connection, 4005, "Already authenticated.");
        return identify(connection, d);
      case 6:
        if (connection.session) return refuse(connection, 4005, "Already authenticated.");
        return resume(connection, d);
      case 3:
      case 4:
      case 8:
        if (!connection.session) refuse(connection, 4003, "Not authenticated.");
        return;
      default:
        return refuse(connection, 4001, "Unknown opcode.");
    }
  };

  return {
    log,
    starts,
    get connected() {
      return [...connections].filter(({ socket }) => socket.isOpen).map(({ socket }) => socket);
    },
    connect(socket) {
      const connection: Connection = { socket, sent: [], isSilent: false };
      connections.add(connection);
      socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: heartbeatMs, _trace: [] } }));
      return {
        take: (text) => take(connection, text),
        closed(code) {
          connections.delete(connection);
          // Whoever says goodbye has no session to come back to.
          if ((code === 1000 || code === 1001) && connection.session)
            sessions.delete(connection.session.id);
        },
      };
    },
    dispatch({ event, guildId, data }, times = 1) {
      const wanted = intentFor(event, { isDirect: guildId === undefined });
      for (const session of sessions.values()) {
        if (wanted !== 0 && (session.intents & wanted) === 0) continue;
        if (!isOfShard(session, guildId)) continue;
        for (let count = 0; count < times; count += 1) tell(session, event, data(session.intents));
      }
    },
    goSilent() {
      for (const connection of connections) connection.isSilent = true;
    },
    reconnect() {
      for (const { socket } of connections) socket.send('{"op":7}');
    },
    invalidate() {
      sessions.clear();
      for (const { socket } of connections) socket.send('{"op":9,"d":false}');
      lastIdentify = -Infinity;
    },
    cut(code) {
      for (const { socket } of connections)
        if (code === undefined) socket.destroy();
        else socket.close(code);
    },
    [Symbol.dispose]() {
      for (const { socket } of connections) socket.destroy();
    },
  };
}

/** How much a session that is away is told when it comes back. */
const kept = 5000;
const identifyEveryMs = 5000;
const opcodes: Readonly<Record<number, string>> = { 1: "heartbeat", 2: "identify", 6: "resume" };

/** https://discord.com/developers/docs/events/gateway#sharding-sharding-formula; what has no guild is the first one's. */
function isOfShard({ shard: [id, count] }: Session, guildId: string | undefined): boolean {
  return guildId === undefined ? id === 0 : Number((BigInt(guildId) >> 22n) % BigInt(count)) === id;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: refused as such.
    return undefined;
  }
}

const Payload = z.looseObject({ op: z.number().int(), d: z.unknown().optional() });
const Identify = z.looseObject({
  token: z.string(),
  intents: z.number().int().nonnegative(),
  shard: z.tuple([z.number().int(), z.number().int().positive()]).default([0, 1]),
  properties: z.looseObject({}),
});
const Resume = z.looseObject({ token: z.string(), session_id: z.string(), seq: z.number().int() });
