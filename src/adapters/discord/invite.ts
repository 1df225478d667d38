/** What the bot must be allowed to do: https://discord.com/developers/docs/topics/permissions */
const permissions = {
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  ATTACH_FILES: 1n << 15n,
  READ_MESSAGE_HISTORY: 1n << 16n,
  CREATE_PUBLIC_THREADS: 1n << 35n,
  SEND_MESSAGES_IN_THREADS: 1n << 38n,
} as const;

/** The address at which somebody who manages a guild adds the bot to it, with commands and the permissions that it needs. */
export function discordInvite(applicationId: string): string {
  const bits = Object.values(permissions).reduce((sum, bit) => sum | bit, 0n);
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: "bot applications.commands",
    permissions: String(bits),
  });
  return `https://discord.com/oauth2/authorize?${query.toString()}`;
}
