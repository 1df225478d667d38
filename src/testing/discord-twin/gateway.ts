import type { Clock } from "../../core/clock.ts";
import type { TwinSocket } from "../slack-twin/web-socket.ts";
import { gatewayProtocol } from "./gateway-protocol.ts";
import {
  type GatewayConnection,
  type GatewaySession,
  isOfShard,
  tell,
} from "./gateway-sessions.ts";
import { heartbeatWatch } from "./heartbeat-watch.ts";
import type { SessionStarts } from "./identify.ts";
import { intentFor, type PrivilegedIntent } from "./intents.ts";

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
  readonly starts: SessionStarts;
  /** READY's own fields. */
  readonly ready: () => object;
  /** What a session is told of when it begins. */
  readonly guilds: () => readonly { readonly id: string; readonly data: object }[];
}

/** Discord's gateway: https://discord.com/developers/docs/events/gateway */
export interface Gateway extends Disposable {
  /** A line that was opened at `path`. */
  connect(
    socket: TwinSocket,
    path: string,
  ): { take(text: string): void; closed(code: number | undefined): void };
  dispatch(dispatched: Dispatched, times?: number): void;
  /** Sessions that are connected. */
  readonly connected: readonly TwinSocket[];
  /** What is said by whom: `connect /`, `identify`, `resume`, `heartbeat`, `close 4014`, … */
  readonly log: string[];
  /** How many sessions may still be begun today. */
  readonly starts: SessionStarts;
  /** From now on heartbeats are not answered, and nothing is told: the line is dead and does not know it. */
  goSilent(): void;
  /** From now on nothing that the clients say is heard: who does not beat is dropped. */
  goDeaf(): void;
  /** Asks all to connect again. */
  reconnect(): void;
  /** Ends all sessions: they can't be resumed. */
  invalidate(): void;
  /** Cuts all lines, or those of one shard; `code` for the polite way. */
  cut(code?: number, shard?: number): void;
  /** Sends these words to all, whatever they are. */
  send(text: string): void;
}

export function discordGateway(options: GatewayOptions): Gateway {
  const { heartbeatMs, starts } = options;
  const sessions = new Map<string, GatewaySession>();
  const connections = new Set<GatewayConnection>();
  const log: string[] = [];
  const protocol = gatewayProtocol({ options, sessions, connections, log });

  return {
    log,
    starts,
    get connected() {
      return [...connections].filter(({ socket }) => socket.isOpen).map(({ socket }) => socket);
    },
    connect(socket, path) {
      const connection: GatewayConnection = {
        socket,
        path,
        sent: [],
        isSilent: false,
        isDeaf: false,
      };
      connections.add(connection);
      log.push(`connect ${path}`);
      const watch = heartbeatWatch(heartbeatMs, () => protocol.drop(connection));
      socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: heartbeatMs, _trace: [] } }));
      return {
        take: (text) => void (connection.isDeaf || protocol.take(connection, text, watch.beat)),
        closed(code) {
          watch.stop();
          connections.delete(connection);
          sessionEnded(code, { connection, sessions });
        },
      };
    },
    dispatch({ event, guildId, data }, times = 1) {
      const wanted = intentFor(event, { isDirect: guildId === undefined });
      for (const session of sessions.values()) {
        if (wanted !== 0 && (session.intents & wanted) === 0) continue;
        if (!isOfShard(session.shard, guildId)) continue;
        for (let count = 0; count < times; count += 1)
          tell(session, { event, data: data(session.intents) }, connections);
      }
    },
    goSilent() {
      for (const connection of connections) connection.isSilent = true;
    },
    goDeaf() {
      for (const connection of connections) connection.isDeaf = true;
    },
    reconnect() {
      for (const { socket } of connections) socket.send('{"op":7}');
    },
    invalidate: () => protocol.invalidate(),
    cut(code, shard) {
      for (const { socket, session } of connections) {
        if (shard !== undefined && session?.shard[0] !== shard) continue;
        if (code === undefined) socket.destroy();
        else socket.close(code);
      }
    },
    send(text) {
      for (const { socket } of connections) socket.send(text);
    },
    [Symbol.dispose]() {
      for (const { socket } of connections) socket.destroy();
    },
  };
}

/** Whoever says goodbye has no session to come back to. */
function sessionEnded(
  code: number | undefined,
  {
    connection: { session },
    sessions,
  }: { readonly connection: GatewayConnection; readonly sessions: Map<string, GatewaySession> },
): void {
  if ((code === 1000 || code === 1001) && session) sessions.delete(session.id);
}
