import type { Clock } from "../../core/clock.ts";
import { bitsOf, permissionBits, type PermissionName, permissionsIn } from "./permissions.ts";
import { snowflakes } from "./snowflake.ts";

/** https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
export const channelTypes = { text: 0, direct: 1, voice: 2, thread: 11, forum: 15 } as const;

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
  readonly mentions: readonly string[];
  readonly mentionRoles: readonly string[];
  /** Whom it would have called, had it not been told not to. */
  readonly calls: readonly string[];
  readonly replyTo?: string;
  readonly interactionId?: string;
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
  readonly autoArchiveMinutes: number;
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
  readonly overwrites: { readonly id: string; readonly allow: bigint; readonly deny: bigint }[];
  readonly messages: TwinMessage[];
  readonly thread?: TwinThread;
  /** Of a direct channel. */
  readonly recipient?: string;
}

export interface TwinGuild {
  readonly id: string;
  readonly name: string;
  readonly roles: Map<string, { readonly name: string; readonly permissions: bigint }>;
  /** The roles of each member. */
  readonly members: Map<string, readonly string[]>;
  readonly channels: Map<string, TwinChannel>;
  /** What everybody may do who is no bot. */
  readonly people: bigint;
  readonly bots: ReadonlySet<string>;
  premiumTier: number;
}

/** One guild, the direct channels, and the one bot in it. */
export interface DiscordState {
  readonly guild: TwinGuild;
  readonly applicationId: string;
  readonly botId: string;
  readonly botRoleId: string;
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
  channel(id: string): TwinChannel | undefined;
  /** The direct channel with a person; made where there is none. */
  directWith(userId: string): TwinChannel;
  /** Whether somebody may do this in a channel; in direct ones everybody of it may. */
  may(userId: string, channel: TwinChannel, permission: PermissionName): boolean;
  /** Whether the thread is archived, by somebody or by time. */
  isArchived(thread: TwinThread): boolean;
}

/** The channels that are there from the beginning, by name. */
export const twinChannels = { ops: "ops", web: "web", secret: "secret", forum: "help" } as const;

export function discordState(
  clock: Clock,
  {
    botPermissions = defaultPermissions,
    more = [],
  }: {
    readonly botPermissions?: readonly PermissionName[] | undefined;
    /** Names of more channels. */
    readonly more?: readonly string[];
  } = {},
): DiscordState {
  const nextId = snowflakes(clock);
  const guildId = nextId();
  const [applicationId, botId, botRoleId] = [nextId(), nextId(), nextId()];
  const guild: TwinGuild = {
    id: guildId,
    name: "Twin",
    people: bitsOf(defaultPermissions.filter((name) => name !== "MANAGE_MESSAGES")),
    bots: new Set([botId]),
    roles: new Map([
      [guildId, { name: "@everyone", permissions: 0n }],
      [botRoleId, { name: "Opsthread", permissions: bitsOf(botPermissions) }],
    ]),
    members: new Map([[botId, [botRoleId]]]),
    channels: new Map(),
    premiumTier: 0,
  };
  for (const name of [...Object.values(twinChannels), ...more]) {
    const id = nextId();
    guild.channels.set(id, {
      id,
      type: name === twinChannels.forum ? channelTypes.forum : channelTypes.text,
      name,
      guildId,
      overwrites:
        name === twinChannels.secret
          ? [{ id: botRoleId, allow: 0n, deny: permissionBits.VIEW_CHANNEL }]
          : [],
      messages: [],
    });
  }
  const direct = new Map<string, TwinChannel>();
  const channel = (id: string): TwinChannel | undefined => guild.channels.get(id) ?? direct.get(id);
  return {
    guild,
    applicationId,
    botId,
    botRoleId,
    direct,
    deleted: [],
    nonces: new Map(),
    commandFiles: new Map(),
    closedDirect: new Set(),
    clock,
    nextId,
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
      // Whoever speaks without having been brought in is an ordinary member.
      if (!guild.members.has(userId)) guild.members.set(userId, []);
      return (
        (permissionsIn(guild, { member: userId, channel: where }) & permissionBits[permission]) !==
        0n
      );
    },
    isArchived: ({ archived, activeAt, autoArchiveMinutes }) =>
      archived || clock.now() - activeAt > autoArchiveMinutes * 60_000,
  };
}

const defaultPermissions: readonly PermissionName[] = [
  "ADD_REACTIONS",
  "VIEW_CHANNEL",
  "SEND_MESSAGES",
  "MANAGE_MESSAGES",
  "ATTACH_FILES",
  "READ_MESSAGE_HISTORY",
  "USE_APPLICATION_COMMANDS",
  "CREATE_PUBLIC_THREADS",
  "SEND_MESSAGES_IN_THREADS",
];
