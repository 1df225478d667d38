import type { TwinGuild } from "./guild.ts";
import type { TwinChannel } from "./state.ts";

/** https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags */
export const permissionBits = {
  ADMINISTRATOR: 1n << 3n,
  ADD_REACTIONS: 1n << 6n,
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  MANAGE_MESSAGES: 1n << 13n,
  ATTACH_FILES: 1n << 15n,
  READ_MESSAGE_HISTORY: 1n << 16n,
  USE_APPLICATION_COMMANDS: 1n << 31n,
  MANAGE_THREADS: 1n << 34n,
  CREATE_PUBLIC_THREADS: 1n << 35n,
  CREATE_PRIVATE_THREADS: 1n << 36n,
  SEND_MESSAGES_IN_THREADS: 1n << 38n,
} as const;

export type PermissionName = keyof typeof permissionBits;

export const bitsOf = (names: readonly PermissionName[]): bigint =>
  names.reduce((bits, name) => bits | permissionBits[name], 0n);

const everything = (1n << 53n) - 1n;

/** What a member may do in a channel: https://discord.com/developers/docs/topics/permissions#permission-overwrites */
export function permissionsIn(
  guild: TwinGuild,
  { member, channel }: { readonly member: string; readonly channel: TwinChannel },
): bigint {
  const roles = guild.members.get(member) ?? [];
  const base = [guild.id, ...roles].reduce(
    (bits, id) => bits | (guild.roles.get(id)?.permissions ?? 0n),
    guild.bots.has(member) ? 0n : guild.people,
  );
  if ((base & permissionBits.ADMINISTRATOR) !== 0n) return everything;
  const { overwrites } = channel.thread
    ? (guild.channels.get(channel.parentId ?? "") ?? channel)
    : channel;
  const apply = (bits: bigint, ids: readonly string[]): bigint => {
    const those = overwrites.filter(({ id }) => ids.includes(id));
    const denied = those.reduce((sum, { deny }) => sum | deny, 0n);
    const allowed = those.reduce((sum, { allow }) => sum | allow, 0n);
    return (bits & ~denied) | allowed;
  };
  return apply(apply(apply(base, [guild.id]), roles), [member]);
}
