import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import { type Clock, systemClock } from "../../core/clock.ts";
import { acceptWebSocket } from "../slack-twin/web-socket.ts";
import type { Transcript } from "../transcript.ts";
import { type DiscordActing, discordActing } from "./acting.ts";
import { signer } from "./cdn.ts";
import { discordTranscript } from "./discord-transcript.ts";
import { endpointOf } from "./endpoint.ts";
import { discordEvents } from "./events.ts";
import type { DiscordFaults, PendingFaults } from "./faults.ts";
import { forget } from "./forget.ts";
import { discordGateway, type Gateway } from "./gateway.ts";
import type { TwinChannelNamed } from "./guild.ts";
import type { SessionStarts } from "./identify.ts";
import type { PrivilegedIntent } from "./intents.ts";
import { twinInteractions } from "./interactions.ts";
import { guildJson, type JsonContext, userJson } from "./json.ts";
import { bitsOf, type PermissionName } from "./permissions.ts";
import { type DiscordPerson, type DiscordPlace, discordPerson } from "./person.ts";
import { rateLimits } from "./rate-limits.ts";
import { restServer } from "./rest-server.ts";
import type { CommandBook, ServerSide } from "./server-side.ts";
import { discordState } from "./state.ts";

export interface DiscordTwinOptions {
  /** Decides on archiving, limits and what is too late. Default the system's. */
  readonly clock?: Clock;
  /** Intents that are turned on in the portal. Default `messageContent`. */
  readonly intents?: readonly PrivilegedIntent[];
  /** What the bot's role allows. Default all that a bot needs. */
  readonly permissions?: readonly PermissionName[];
  /** How often the client must send a heartbeat. Default 41,250. */
  readonly heartbeatMs?: number;
  /** More channels, in each guild: names, and kinds of those that are not `text`. */
  readonly channels?: readonly TwinChannelNamed[];
  /** Names of more guilds, each with the same channels and the bot. They are on one shard after the other. */
  readonly guilds?: readonly string[];
  /** How many shards the bot is told to have. Default 1. */
  readonly shards?: number;
  /** How many sessions may be begun. Default 1,000 a day, none begun yet, one in five seconds. */
  readonly sessionStarts?: Partial<SessionStarts>;
  /** Whether calls are counted and refused when there are too many. Default true. */
  readonly rateLimits?: boolean;
  /** Answers of 401, 403 and 429 in ten minutes before the client is shut out. Default 10,000. */
  readonly maxInvalid?: number;
}

/** Discord on loopback, with its rules: a guild or more, their people, and one bot. */
export interface DiscordTwin extends AsyncDisposable, DiscordPerson, DiscordActing {
  /** For `rest.api` of discord.js; the address of the gateway comes from there. */
  readonly apiUrl: string;
  readonly botToken: string;
  /** Of the first guild. */
  readonly guildId: string;
  /** All of them, with the ids of their channels by name. */
  readonly guilds: readonly DiscordTwinGuild[];
  readonly applicationId: string;
  readonly botUserId: string;
  /** The ids of the first guild's channels, by name: `ops`, `web`, `secret` (the bot can't see it) and `help` (a forum). */
  readonly channels: Readonly<Record<string, string>>;
  readonly faults: DiscordFaults;
  /** Calls that were made, in order: `POST /channels/1234/messages`. */
  readonly calls: readonly string[];
  /** Of the app, for {@link useEndpoint}. */
  readonly publicKey: string;
  /** From now on interactions are brought to this address, if it answers as it must. */
  readonly useEndpoint: (url: string) => Promise<void>;
  /** The names of commands, by where they are: a guild's id, or "" for everywhere. */
  commands(place?: string): readonly string[];
  readonly gateway: Pick<
    Gateway,
    "log" | "starts" | "goSilent" | "goDeaf" | "reconnect" | "invalidate" | "cut" | "send"
  >;
  /** All that happened, also what was changed or deleted: for {@link transcriptPage}. */
  transcript(title?: string): Transcript;
  /** How many connections the bot has to the gateway. */
  connections(): number;
  /** Resolves when the bot has read all that was told, and what it said at once has come here. */
  roundTrip(): Promise<void>;
  /** Where the bot was seen writing. */
  typing(): readonly string[];
  /** Whether a thread is there, what it is called, and what became of it. */
  threadOf(
    id: string,
  ): { readonly name: string; readonly archived: boolean; readonly locked: boolean } | undefined;
  /** A moderator archives, revives or locks a thread. */
  moderate(
    thread: string,
    change: { readonly archived?: boolean; readonly locked?: boolean },
  ): void;
  /** A moderator deletes a thread, or a channel with all threads in it. */
  removeChannel(id: string): void;
  /** The guild is gone for a while, or comes back, as when Discord has an outage. */
  outage(isOn: boolean): void;
  /** What somebody, or a role, may do in a channel besides, or may not. */
  permit(
    channel: string,
    given: {
      readonly who: string;
      readonly allow?: readonly PermissionName[];
      readonly deny?: readonly PermissionName[];
    },
  ): void;
  /** The role that came with the bot. */
  readonly botRoleId: string;
  /** Gives a member roles; the bot's own permissions stay. */
  giveRoles(user: string, roles: readonly string[]): void;
  /** From now on the person takes no direct messages. */
  closeDirect(user: string): void;
  /** Forgets a thread with all that is in it, for runs that take long. */
  forget(place: Pick<DiscordPlace, "channel" | "thread">): void;
  /** How many calls were answered with 429 that no fault ordered. */
  limited(): number;
  /** How far the guild is boosted, which decides on how large files may be. */
  boost(tier: 0 | 1 | 2 | 3): void;
}

export interface DiscordTwinGuild {
  readonly id: string;
  readonly name: string;
  readonly channels: Readonly<Record<string, string>>;
}

/**
 * @example
 * await using discord = await discordTwin();
 * const adapter = discordAdapter({ botToken: discord.botToken, apiUrl: discord.apiUrl });
 */
export async function discordTwin(options: DiscordTwinOptions = {}): Promise<DiscordTwin> {
  const { clock = systemClock, intents = ["messageContent"], heartbeatMs = 41_250 } = options;
  const token = "twin.bot.token";
  const { guilds: more = [], shards = 1, sessionStarts = {} } = options;
  const state = discordState(clock, {
    guilds: ["Twin", ...more],
    botPermissions: options.permissions,
    more: options.channels ?? [],
  });
  const granted = new Set(intents);
  const faults: PendingFaults = { calls: [], duplicates: 0, lostFiles: new Set() };
  const calls: string[] = [];
  const commands: CommandBook = { byPlace: new Map(), made: new Map() };
  const typing: { channelId: string; at: number }[] = [];
  const signs = signer(clock);
  const interactions = twinInteractions(state);
  const context = (): JsonContext => ({
    state,
    interactions: interactions.all,
    url: served.url,
    sign: signs.sign,
  });
  const events = discordEvents({ context, gateway: () => gateway, faults });
  const gateway = discordGateway({
    clock,
    token,
    heartbeatMs,
    granted,
    starts: { ...freshStarts, ...sessionStarts },
    url: () => served.url.replace("http", "ws"),
    ready: () => ({
      v: 10,
      user: userJson(state, state.botId),
      application: { id: state.applicationId, flags: 0 },
      private_channels: [],
    }),
    guilds: () => state.guilds.map((guild) => ({ id: guild.id, data: guildJson(state, guild) })),
  });
  const side = (): ServerSide => ({
    state,
    events,
    gateway,
    interactions,
    commands,
    faults,
    context: context(),
    isGood: signs.isGood,
    granted,
    recommendedShards: shards,
    typing,
  });
  const limits = rateLimits(clock, {
    ...(options.maxInvalid !== undefined && { maxInvalid: options.maxInvalid }),
    ...(options.rateLimits !== undefined && { isOn: options.rateLimits }),
  });
  const served = await restServer({ token, limits, side, calls });
  served.server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    // The first bytes go out before the greeting is asked for, so the two are made in this order.
    const accepted = acceptWebSocket(
      { request, socket },
      { text: (text) => connection.take(text), closed: (code) => connection.closed(code) },
    );
    const { pathname } = new URL(request.url ?? "/", "http://twin");
    const connection = gateway.connect(accepted, pathname);
  });
  const endpoint = endpointOf(clock);
  const deliver = (payload: object, guildId: string | undefined): void => {
    if (!endpoint.send(payload)) events.interaction(payload, guildId);
  };
  const guilds = state.guilds.map(({ id, name, channels }) => ({
    id,
    name,
    channels: Object.fromEntries([...channels.values()].map((each) => [each.name, each.id])),
  }));
  return {
    ...discordPerson({ state, events, interactions: () => interactions.all }),
    ...discordActing({ state, interactions, commands, context, deliver }),
    apiUrl: `${served.url}/api`,
    botToken: token,
    guildId: state.guild.id,
    applicationId: state.applicationId,
    botUserId: state.botId,
    guilds,
    channels: guilds[0]?.channels ?? {},
    faults: {
      call: (route, fault, isMeant = () => true) =>
        void faults.calls.push({ route, fault, isMeant }),
      duplicateEvent: () => void (faults.duplicates += 1),
      loseFile: (id) => void faults.lostFiles.add(id),
      none() {
        faults.calls.length = 0;
        faults.duplicates = 0;
      },
    },
    calls,
    publicKey: endpoint.publicKey,
    useEndpoint: endpoint.use,
    commands: (place = "") => (commands.byPlace.get(place) ?? []).map(({ name }) => String(name)),
    gateway,
    connections: () => gateway.connected.length,
    async roundTrip() {
      // The second answer comes after what the first messages made the bot say at once.
      for (let count = 0; count < 2; count += 1)
        await Promise.all(gateway.connected.map((socket) => socket.ping()));
    },
    transcript: (title = "Discord") =>
      discordTranscript(state, { interactions: interactions.all, title }),
    typing: () => typing.map(({ channelId }) => channelId),
    threadOf(id) {
      const channel = state.channel(id);
      if (!channel?.thread) return undefined;
      const { thread, name } = channel;
      return { name, archived: state.isArchived(thread), locked: thread.locked };
    },
    moderate(id, change) {
      const channel = state.channel(id);
      if (!channel?.thread) throw new TypeError(`No thread ${id}`);
      channel.thread.archived = change.archived ?? channel.thread.archived;
      channel.thread.locked = change.locked ?? channel.thread.locked;
      if (change.archived === false) channel.thread.activeAt = clock.now();
      events.threadUpdated(channel);
    },
    removeChannel(id) {
      for (const { id: each, parentId } of state.guildChannels())
        if (parentId === id) events.channelRemoved(each);
      events.channelRemoved(id);
    },
    outage(isOn) {
      const { id } = state.guild;
      const data = isOn ? { id, unavailable: true } : guildJson(state, state.guild);
      const event = isOn ? "GUILD_DELETE" : "GUILD_CREATE";
      gateway.dispatch({ event, guildId: id, data: () => data });
    },
    permit(id, { who, allow = [], deny = [] }) {
      const channel = state.channel(id);
      if (!channel) throw new TypeError(`No channel ${id}`);
      const overwrites = channel.overwrites.filter((each) => each.id !== who);
      const given = { id: who, allow: bitsOf(allow), deny: bitsOf(deny) };
      channel.overwrites = [...overwrites, given];
      events.channelUpdated(channel);
    },
    botRoleId: state.guild.botRoleId,
    giveRoles: (user, roles) => void state.guild.members.set(user, roles),
    closeDirect: (user) => void state.closedDirect.add(user),
    forget: ({ channel, thread }) => forget(state, { channel, thread }),
    limited: () => limits.refusals(),
    boost: (tier) => void (state.guild.premiumTier = tier),
    async [Symbol.asyncDispose]() {
      await endpoint.idle();
      gateway[Symbol.dispose]();
      await served[Symbol.asyncDispose]();
    },
  };
}

const freshStarts: SessionStarts = {
  total: 1000,
  remaining: 1000,
  resetAfterMs: 86_400_000,
  maxConcurrency: 1,
};
