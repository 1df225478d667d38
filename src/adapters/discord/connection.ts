import type { Client, Channel } from "discord.js";

import { abortable } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { DiscordApi } from "./api.ts";
import { type ChannelFacts, threads } from "./channels.ts";
import { intentsOf, type WantedIntents } from "./intents.ts";
import { leanClient } from "./lean-client.ts";

/** What Discord tells, as it tells it: https://discord.com/developers/docs/events/gateway-events#receive-events */
export interface GatewayEvent {
  readonly type: string;
  readonly data: unknown;
}

export interface Connection extends AsyncDisposable {
  /** What the client knows of a channel without asking. */
  channel(id: string): ChannelFacts | undefined;
  /** How far a guild is boosted; undefined where it is not known. */
  premiumTier(guildId: string): number | undefined;
  /** The guilds that the bot is in. */
  guilds(): readonly string[];
}

export interface ConnectionOptions {
  readonly api: DiscordApi;
  readonly botToken: string;
  readonly intents: WantedIntents;
  readonly applicationId: string;
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
  const { api, botToken, intents, log, handle, clock } = options;
  const client = await leanClient({ intents: intentsOf(intents), rest: await api.rest() });
  const connection = connectionOf(client);
  const opened = new AbortController();
  client.on("raw", (packet: { readonly t: string; readonly d: unknown }) =>
    handle({ type: packet.t, data: packet.d }, connection),
  );
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
      { shard, code, problem: closed(code, options)?.message },
      "Discord ended the connection for good",
    ),
  );
  const refusal = new Promise<never>((_, reject) => {
    client.on("shardDisconnect", ({ code }) => reject(closed(code, options) ?? unavailable(code)));
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
    if (error instanceof OpsthreadError) throw error;
    throw new OpsthreadError("ADAPTER_UNAVAILABLE", `Cannot reach Discord: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    opened.abort();
  }
  return connection;
}

const openMs = 60_000;
const reasonMs = 1000;

function connectionOf(client: Client): Connection {
  return {
    channel(id) {
      const channel = client.channels.cache.get(id);
      return channel && factsOf(channel);
    },
    guilds: () => [...client.guilds.cache.keys()],
    premiumTier: (guildId) => client.guilds.cache.get(guildId)?.premiumTier,
    async [Symbol.asyncDispose]() {
      client.removeAllListeners();
      await client.destroy();
    },
  };
}

function factsOf(channel: Channel): ChannelFacts {
  return {
    isThread: threads.has(channel.type),
    parentId: channel.isThread() ? (channel.parentId ?? undefined) : undefined,
    guildId: channel.isDMBased() ? undefined : channel.guildId,
  };
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function closed(
  code: number,
  { intents, applicationId }: Pick<ConnectionOptions, "intents" | "applicationId">,
): OpsthreadError | undefined {
  const page = `https://discord.com/developers/applications/${applicationId}/bot`;
  if (code === 4014)
    return new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use messageContent: Discord does not allow this app the privileged intents that it asks for (4014)${intents.messageContent ? `; turn on "Message Content Intent" at ${page}, or set messageContent to false, then follow-ups need a mention` : ""}`,
    );
  if (code === 4004)
    return new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use botToken: Discord does not accept it (4004); reset it at ${page}`,
    );
  return undefined;
}

const unavailable = (code: number): OpsthreadError =>
  new OpsthreadError("ADAPTER_UNAVAILABLE", `Cannot stay connected: Discord ended it with ${code}`);
