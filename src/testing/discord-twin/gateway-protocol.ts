import { z } from "zod";

import {
  type GatewayConnection,
  type GatewaySession,
  isOfShard,
  missedSince,
  newSession,
  tell,
} from "./gateway-sessions.ts";
import type { GatewayOptions } from "./gateway.ts";
import { identifying } from "./identify.ts";

/** What the gateway makes of what clients say. */
export interface GatewayProtocol {
  /** `beat` is called for a heartbeat. */
  take(connection: GatewayConnection, text: string, beat: () => void): void;
  /** Who does not beat is dropped, and begins a new session: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway */
  drop(connection: GatewayConnection): void;
  /** Ends all sessions. */
  invalidate(): void;
}

export function gatewayProtocol({
  options,
  sessions,
  connections,
  log,
}: {
  readonly options: GatewayOptions;
  readonly sessions: Map<string, GatewaySession>;
  readonly connections: ReadonlySet<GatewayConnection>;
  readonly log: string[];
}): GatewayProtocol {
  const { clock, token, url } = options;
  const identifies = identifying(options);

  const refuse = ({ socket }: GatewayConnection, code: number, reason: string): void => {
    log.push(`close ${code}`);
    socket.close(code, reason);
  };
  const invalid = ({ socket }: GatewayConnection): void => socket.send('{"op":9,"d":false}');
  const identify = (connection: GatewayConnection, given: unknown): void => {
    const answer = identifies.check(given, (isMeant) =>
      [...sessions.values()].some(({ shard }) => isMeant(shard)),
    );
    if (answer.type === "closed") return refuse(connection, answer.code, answer.reason);
    if (answer.type === "too-soon") return invalid(connection);
    const session = newSession(answer);
    sessions.set(session.id, session);
    connection.session = session;
    const { shard } = session;
    const guilds = options.guilds().filter(({ id }) => isOfShard(shard, id));
    const data = {
      ...options.ready(),
      session_id: session.id,
      resume_gateway_url: `${url()}${resumePath}`,
      shard,
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
    };
    tell(session, { event: "READY", data }, connections);
    for (const guild of guilds)
      tell(session, { event: "GUILD_CREATE", data: guild.data }, connections);
  };
  const resume = (connection: GatewayConnection, given: unknown): void => {
    const parsed = Resume.safeParse(given);
    if (!parsed.success) return refuse(connection, 4002, "Error while decoding payload.");
    const { session_id, seq } = parsed.data;
    if (parsed.data.token !== token) return refuse(connection, 4004, "Authentication failed.");
    const session = sessions.get(session_id);
    const missed = session && missedSince(session, seq);
    if (!session || !missed) return invalid(connection);
    connection.session = session;
    for (const text of missed) connection.socket.send(text);
    tell(session, { event: "RESUMED", data: {} }, connections);
  };
  const take = (connection: GatewayConnection, text: string, beat: () => void): void => {
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
        beat();
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
    take,
    drop(connection) {
      if (connection.session) sessions.delete(connection.session.id);
      identifies.forget();
      refuse(connection, 4009, "Session timed out.");
    },
    invalidate() {
      sessions.clear();
      for (const connection of connections) invalid(connection);
      identifies.forget();
    },
  };
}

/** Where sessions are to be resumed. */
const resumePath = "/resume";
const opcodes: Readonly<Record<number, string>> = { 1: "heartbeat", 2: "identify", 6: "resume" };

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: refused as such.
    return undefined;
  }
}

const Payload = z.looseObject({ op: z.number().int(), d: z.unknown().optional() });
const Resume = z.looseObject({ token: z.string(), session_id: z.string(), seq: z.number().int() });
