import type { Client } from "discord.js";

import { abortable } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { DiscordApi } from "./api.ts";
import type { ChannelFacts } from "./channels.ts";
import { connectionEnded } from "./close-codes.ts";
import { connectionOf } from "./connection-of.ts";
import { unreachable } from "./failures.ts";
import { intentsOf, type WantedIntents } from "./intents.ts";
import { leanClient } from "./lean-client.ts";
import { sessionStarts } from "./session-starts.ts";

/** What Discord tells, as it tells it: https://discord.com/developers/docs/events/gateway-events#receive-events */
export interface GatewayEvent {
  readonly type: string;
  readonly data: unknown;
}

export interface Connection extends AsyncDisposable {
  /** What the client knows of a channel without asking. */
  channel(id: string): ChannelFacts | undefined;
  /** Whether the bot may read what was said in a channel; undefined where that is not known. */
  mayRead(id: string): boolean | undefined;
  /** How far a guild is boosted; undefined where it is not known. */
  premiumTier(guildId: string): number | undefined;
  /** The role that came with the bot; undefined where there is none, or it is not known. */
  botRole(guildId: string): string | undefined;
  /** The guilds that the bot is in. */
  guilds(): readonly string[];
}

export interface ConnectionOptions {
  readonly api: DiscordApi;
  readonly botToken: string;
  readonly intents: WantedIntents;
  readonly applicationId: string;
  readonly shards: number | "auto";
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes every event, in order; it must not wait. */
  readonly handle: (event: GatewayEvent, connection: Connection) => void;
}

/**
 * Keeps the gateway's connections: discord.js shards, sends heartbeats, finds dead lines and resumes.
 * @throws {OpsthreadError} `CONFIG_INVALID` or `ADAPTER_UNAVAILABLE`
 */
export async function connect(
  options: ConnectionOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<Connection> {
  const { api, botToken, intents, applicationId, log, handle, clock } = options;
  const { shards, openMs } = await sessionStarts(api, { ...options, signal });
  const ended = (code: number): OpsthreadError =>
    connectionEnded(code, { intents, applicationId, shards });
  const client = await leanClient({
    intents: intentsOf(intents),
    rest: await api.rest(),
    shards,
    onUnread: (error) => log.warn({ error: messageOf(error) }, unreadable),
  });
  const connection = connectionOf(client);
  const opened = new AbortController();
  client.on("raw", (packet: { readonly t: string; readonly d: unknown }) => {
    try {
      handle({ type: packet.t, data: packet.d }, connection);
    } catch (error) {
      log.warn({ type: packet.t, error: messageOf(error) }, unreadable);
    }
  });
  logConnections(client, { ended, log });
  const refusal = new Promise<never>((_, reject) => {
    client.on("shardDisconnect", ({ code }) => reject(ended(code)));
  });
  refusal.catch(() => {}); // Only of interest while it opens.
  try {
    const ready = new Promise<void>((resolve) => {
      client.once("clientReady", () => resolve());
    });
    const limit = AbortSignal.any([signal, opened.signal]);
    const login = client.login(botToken).then(() => ready);
    login.catch(() => {}); // The refusal tells more.
    await abortable(
      Promise.race([
        refusal,
        login.catch(async (error: unknown) => {
          // The reason comes with the end of the connection, right after the client has failed.
          await clock.sleep(reasonMs, { signal: limit }).catch(() => {});
          throw error;
        }),
        clock.sleep(openMs, { signal: limit }).then(() => {
          throw new Error("it did not greet in time");
        }),
      ]),
      signal,
    );
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    signal.throwIfAborted();
    throw error instanceof OpsthreadError ? error : unreachable(error);
  } finally {
    opened.abort();
  }
  log.info({ shards }, "Connected to Discord");
  return connection;
}

const unreadable = "What Discord told could not be read; it is left out";
const reasonMs = 1000;

function logConnections(
  client: Client,
  { ended, log }: { readonly ended: (code: number) => OpsthreadError; readonly log: Logger },
): void {
  client.on("shardReconnecting", (shard) =>
    log.warn({ shard }, "The connection to Discord is lost; it is made anew"),
  );
  client.on("shardResume", (shard, replayed) =>
    log.info({ shard, replayed }, "The connection to Discord goes on where it was"),
  );
  client.on("shardError", (error, shard) =>
    log.debug({ shard, error: messageOf(error) }, "A connection to Discord failed"),
  );
  client.on("shardDisconnect", ({ code }, shard) =>
    log.error(
      { shard, code, problem: ended(code).message },
      "Discord ended the connection for good",
    ),
  );
}
