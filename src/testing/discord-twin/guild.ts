import { type ChannelKind, channelTypes } from "./channel-types.ts";
import { bitsOf, permissionBits, type PermissionName } from "./permissions.ts";
import type { TwinChannel } from "./state.ts";

export interface TwinGuild {
  readonly id: string;
  readonly name: string;
  readonly botRoleId: string;
  readonly roles: Map<string, { readonly name: string; readonly permissions: bigint }>;
  /** The roles of each member. */
  readonly members: Map<string, readonly string[]>;
  readonly channels: Map<string, TwinChannel>;
  /** What everybody may do who is no bot. */
  readonly people: bigint;
  readonly bots: ReadonlySet<string>;
  premiumTier: number;
}

/** A channel, of a kind that is not `text`. */
export type TwinChannelNamed = string | { readonly name: string; readonly kind: ChannelKind };

/** The channels that are in every guild from the beginning, by name. */
const twinChannels = { ops: "ops", web: "web", secret: "secret", forum: "help" } as const;

/** A guild with the bot in it. */
export function twinGuild({
  id,
  name,
  botId,
  nextId,
  botPermissions = defaultPermissions,
  more,
}: {
  readonly id: string;
  readonly name: string;
  readonly botId: string;
  readonly nextId: () => string;
  readonly botPermissions?: readonly PermissionName[] | undefined;
  /** More channels. */
  readonly more: readonly TwinChannelNamed[];
}): TwinGuild {
  const botRoleId = nextId();
  const hidden = [{ id: botRoleId, allow: 0n, deny: permissionBits.VIEW_CHANNEL }];
  const { forum, secret } = twinChannels;
  const first = Object.values(twinChannels).map((each): TwinChannelNamed =>
    each === forum ? { name: each, kind: "forum" } : each,
  );
  const channels = [...first, ...more]
    .map((each) => (typeof each === "string" ? { name: each, kind: "text" as const } : each))
    .map(({ name: named, kind }): TwinChannel => ({
      id: nextId(),
      type: channelTypes[kind],
      name: named,
      guildId: id,
      overwrites: named === secret ? hidden : [],
      messages: [],
    }));
  return {
    id,
    name,
    botRoleId,
    people: bitsOf([
      ...defaultPermissions.filter((each) => each !== "MANAGE_MESSAGES"),
      "CREATE_PRIVATE_THREADS",
    ]),
    bots: new Set([botId]),
    roles: new Map([
      [id, { name: "@everyone", permissions: 0n }],
      [botRoleId, { name: "Opsthread", permissions: bitsOf(botPermissions) }],
    ]),
    members: new Map([[botId, [botRoleId]]]),
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    premiumTier: 0,
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
