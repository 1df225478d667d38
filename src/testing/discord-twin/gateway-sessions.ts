import { randomUUID } from "node:crypto";

import type { TwinSocket } from "../slack-twin/web-socket.ts";

/** What a client is told of. It outlives its connection, as long as it can be resumed. */
export interface GatewaySession {
  readonly id: string;
  readonly intents: number;
  readonly shard: Shard;
  readonly told: { readonly s: number; readonly text: string }[];
  seq: number;
}

/** Which one, of how many. */
export type Shard = readonly [number, number];

/** One line of a client. */
export interface GatewayConnection {
  readonly socket: TwinSocket;
  /** The path that it was opened at. */
  readonly path: string;
  session?: GatewaySession;
  readonly sent: number[];
  /** Nothing is told, and heartbeats are not answered. */
  isSilent: boolean;
  /** Nothing of what the client says is heard. */
  isDeaf: boolean;
}

export function newSession({
  intents,
  shard,
}: Pick<GatewaySession, "intents" | "shard">): GatewaySession {
  return { id: randomUUID(), intents, shard, told: [], seq: 0 };
}

/** Tells a session of something, and keeps it for when the client comes back. */
export function tell(
  session: GatewaySession,
  { event, data }: { readonly event: string; readonly data: object },
  connections: Iterable<GatewayConnection>,
): void {
  session.seq += 1;
  const text = JSON.stringify({ op: 0, t: event, s: session.seq, d: data });
  session.told.push({ s: session.seq, text });
  if (session.told.length > kept) session.told.shift();
  const connection = [...connections].find((each) => each.session === session);
  if (connection && !connection.isSilent) connection.socket.send(text);
}

/** What was told after `seq`; undefined where not all of it is kept. */
export function missedSince({ told, seq: last }: GatewaySession, seq: number) {
  const [oldest] = told;
  if (seq > last || (oldest && oldest.s > seq + 1)) return undefined;
  return told.filter(({ s }) => s > seq).map(({ text }) => text);
}

/** https://discord.com/developers/docs/events/gateway#sharding-sharding-formula; what has no guild is the first one's. */
export function isOfShard([id, count]: Shard, guildId: string | undefined): boolean {
  return guildId === undefined ? id === 0 : Number((BigInt(guildId) >> 22n) % BigInt(count)) === id;
}

/** How much a session that is away is told when it comes back. */
const kept = 5000;
