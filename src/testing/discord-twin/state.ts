import type { Clock } from "../../core/clock.ts";
import { channelTypes } from "./channel-types.ts";
import { type TwinChannelNamed, type TwinGuild, twinGuild } from "./guild.ts";
import { permissionBits, type PermissionName, permissionsIn } from "./permissions.ts";
import { snowflakes } from "./snowflake.ts";

export interface TwinFile {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly description?: string;
  readonly bytes: Buffer;
}

/** A message, in the words of the twin; `messageJson` has Discord's. */
export interface TwinMessage {
  readonly id: string;
  readonly channelId: string;
  readonly authorId: string;
  content: string;
  components: readonly unknown[];
  embeds: readonly unknown[];
  flags: number;
  files: readonly TwinFile[];
  mentions: readonly string[];
  readonly mentionRoles: readonly string[];
  /** Whom it would have called, had it not been told not to. */
  readonly calls: readonly string[];
  readonly replyTo?: string;
  readonly interactionId?: string;
  /** What it has besides words and files. */
  readonly more?: {
    readonly stickers?: readonly string[];
    readonly poll?: { readonly question: string; readonly answers: readonly string[] };
    /** The message that it shows as somebody else's words. */
    readonly forwards?: TwinMessage;
  };
  /** Only this person sees it. */
  readonly onlyFor?: string;
  readonly reactions: Map<string, Set<string>>;
  editedAt?: number;
  /** What it was before it was changed, oldest first. */
  readonly earlier: {
    readonly at: number;
    readonly content: string;
    readonly components: readonly unknown[];
  }[];
}

export interface TwinThread {
  archived: boolean;
  locked: boolean;
  autoArchiveMinutes: number;
  /** When something last happened in it. */
  activeAt: number;
  readonly ownerId: string;
}

export interface TwinChannel {
  readonly id: string;
  readonly type: number;
  name: string;
  readonly guildId?: string;
  readonly parentId?: string;
  overwrites: readonly { readonly id: string; readonly allow: bigint; readonly deny: bigint }[];
  readonly messages: TwinMessage[];
  readonly thread?: TwinThread;
  /** Of a direct channel. */
  readonly recipient?: string;
}

/** Guilds, the direct channels, and the one bot in all of them. */
export interface DiscordState {
  readonly guilds: readonly TwinGuild[];
  /** The first one. */
  readonly guild: TwinGuild;
  readonly applicationId: string;
  readonly botId: string;
  readonly direct: Map<string, TwinChannel>;
  /** What was deleted, with when: for the transcript. */
  readonly deleted: { readonly message: TwinMessage; readonly at: number }[];
  /** Messages by author, channel and nonce, and when they were sent. */
  readonly nonces: Map<string, { readonly message: TwinMessage; readonly at: number }>;
  /** What was given along with a command, which is in no message. */
  readonly commandFiles: Map<string, TwinFile>;
  /** People who take no direct messages. */
  readonly closedDirect: Set<string>;
  readonly clock: Clock;
  nextId(): string;
  /** The guild of this id, or the first one. */
  guildOf(id: string | undefined): TwinGuild;
  /** Of all guilds. */
  guildChannels(): readonly TwinChannel[];
  channel(id: string): TwinChannel | undefined;
  /** The direct channel with a person; made where there is none. */
  directWith(userId: string): TwinChannel;
  /** Whether somebody may do this in a channel; in direct ones everybody of it may. */
  may(userId: string, channel: TwinChannel, permission: PermissionName): boolean;
  /** Whether the thread is archived, by somebody or by time. */
  isArchived(thread: TwinThread): boolean;
}

export function discordState(
  clock: Clock,
  {
    guilds: names,
    botPermissions,
    more = [],
  }: {
    /** Names of guilds. */
    readonly guilds: readonly [string, ...string[]];
    readonly botPermissions?: readonly PermissionName[] | undefined;
    /** More channels. */
    readonly more?: readonly TwinChannelNamed[];
  },
): DiscordState {
  const nextId = snowflakes(clock);
  const [applicationId, botId] = [nextId(), nextId()];
  const guildNamed = (name: string, index: number): TwinGuild =>
    twinGuild({ id: guildId(applicationId, index), name, botId, nextId, botPermissions, more });
  const [first, ...others] = names;
  const guild = guildNamed(first, 0);
  const guilds = [guild, ...others.map((name, index) => guildNamed(name, index + 1))];
  const direct = new Map<string, TwinChannel>();
  const guildOf = (id: string | undefined): TwinGuild =>
    guilds.find((each) => each.id === id) ?? guild;
  const channel = (id: string): TwinChannel | undefined =>
    guilds.map(({ channels }) => channels.get(id)).find((each) => each !== undefined) ??
    direct.get(id);
  return {
    guilds,
    guild,
    applicationId,
    botId,
    direct,
    deleted: [],
    nonces: new Map(),
    commandFiles: new Map(),
    closedDirect: new Set(),
    clock,
    nextId,
    guildOf,
    guildChannels: () => guilds.flatMap(({ channels }) => [...channels.values()]),
    channel,
    directWith(userId) {
      const known = [...direct.values()].find(({ recipient }) => recipient === userId);
      if (known) return known;
      const made = {
        id: nextId(),
        type: channelTypes.direct,
        name: "",
        overwrites: [],
        messages: [],
        recipient: userId,
      };
      direct.set(made.id, made);
      return made;
    },
    may(userId, where, permission) {
      if (where.guildId === undefined) return where.recipient === userId || userId === botId;
      const here = guildOf(where.guildId);
      // Whoever speaks without having been brought in is an ordinary member.
      if (!here.members.has(userId)) here.members.set(userId, []);
      const bits = permissionsIn(here, { member: userId, channel: where });
      return (bits & permissionBits[permission]) !== 0n;
    },
    isArchived: ({ archived, activeAt, autoArchiveMinutes }) =>
      archived || clock.now() - activeAt > autoArchiveMinutes * 60_000,
  };
}

/** Guilds were made one millisecond after the other, so each is on another shard. No other id is so late in one. */
const guildId = (id: string, index: number): string =>
  String(BigInt(id) + (BigInt(index) << 22n) + (1n << 21n));
