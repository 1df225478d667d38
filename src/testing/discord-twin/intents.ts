/** https://discord.com/developers/docs/events/gateway#list-of-intents */
export const intentBits = {
  guilds: 1 << 0,
  members: 1 << 1,
  presences: 1 << 8,
  guildMessages: 1 << 9,
  guildReactions: 1 << 10,
  directMessages: 1 << 12,
  directReactions: 1 << 13,
  messageContent: 1 << 15,
} as const;

/** Only for apps that have them turned on, and were reviewed when they are large. */
export const privilegedIntents = {
  members: intentBits.members,
  presences: intentBits.presences,
  messageContent: intentBits.messageContent,
} as const;

export type PrivilegedIntent = keyof typeof privilegedIntents;

export const knownIntents = (1 << 26) - 1;

/** What an app must have asked for to be told of an event: https://discord.com/developers/docs/events/gateway#list-of-intents */
export function intentFor(event: string, { isDirect }: { readonly isDirect: boolean }): number {
  if (event.startsWith("MESSAGE_REACTION_"))
    return isDirect ? intentBits.directReactions : intentBits.guildReactions;
  if (event.startsWith("MESSAGE_"))
    return isDirect ? intentBits.directMessages : intentBits.guildMessages;
  return /^(?:GUILD|CHANNEL|THREAD)_/.test(event) && !isDirect ? intentBits.guilds : 0;
}
