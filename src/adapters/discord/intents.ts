/** What the adapter wants to be told of: https://discord.com/developers/docs/events/gateway#list-of-intents */
export interface WantedIntents {
  readonly messageContent: boolean;
  readonly reactions: boolean;
}

/** The least that is needed. */
export function intentsOf({ messageContent, reactions }: WantedIntents): number {
  return (
    intents.guilds |
    intents.guildMessages |
    intents.directMessages |
    (reactions ? intents.guildReactions | intents.directReactions : 0) |
    (messageContent ? intents.messageContent : 0)
  );
}

const intents = {
  guilds: 1 << 0,
  guildMessages: 1 << 9,
  guildReactions: 1 << 10,
  directMessages: 1 << 12,
  directReactions: 1 << 13,
  /** Privileged: must be turned on for the app. */
  messageContent: 1 << 15,
} as const;

/** What reading messages that do not name the bot makes possible, in words for the log and `doctor`. */
export const contentMeaning = {
  with: "Follow-ups in a session's thread need no mention",
  without:
    "Follow-ups in a session's thread need a mention of the bot, a reply to it, or /ops: turn on the Message Content Intent under Bot at https://discord.com/developers/applications to read them without",
} as const;
