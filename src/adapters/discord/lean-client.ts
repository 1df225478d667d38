import type { Client, REST } from "discord.js";

import { carefulSharding, handleOnly, type OnUnread } from "./careful-client.ts";

/**
 * A client that keeps guilds, roles and channels, and nothing that grows with what people say: no messages, members, users,
 * presences. The adapter reads events as they come, so nothing of it is missed.
 */
export async function leanClient({
  intents,
  rest,
  shards = 1,
  onUnread = () => {},
}: {
  readonly intents: number;
  readonly rest: REST;
  /** Default 1. */
  readonly shards?: number;
  readonly onUnread?: OnUnread;
}): Promise<Client> {
  const { Client: DiscordClient, Options } = await import("discord.js");
  const client = new DiscordClient({
    intents,
    shardCount: shards,
    ws: { buildStrategy: await carefulSharding(onUnread) },
    makeCache: Options.cacheWithLimits({
      ApplicationCommandManager: 0,
      ApplicationEmojiManager: 0,
      AutoModerationRuleManager: 0,
      BaseGuildEmojiManager: 0,
      DMMessageManager: 0,
      EntitlementManager: 0,
      GuildBanManager: 0,
      GuildEmojiManager: 0,
      GuildForumThreadManager: 0,
      GuildInviteManager: 0,
      GuildMemberManager: {
        maxSize: 0,
        keepOverLimit: ({ id, client: { user } }) => id === user.id,
      },
      GuildMessageManager: 0,
      GuildScheduledEventManager: 0,
      GuildStickerManager: 0,
      GuildTextThreadManager: 0,
      MessageManager: 0,
      PresenceManager: 0,
      ReactionManager: 0,
      ReactionUserManager: 0,
      StageInstanceManager: 0,
      ThreadManager: 0,
      ThreadMemberManager: 0,
      UserManager: { maxSize: 0, keepOverLimit: ({ id, client: { user } }) => id === user?.id },
      VoiceStateManager: 0,
    }),
    // Threads that nobody writes in are forgotten; Discord can be asked.
    sweepers: { ...Options.DefaultSweeperSettings, threads: { interval: 3600, lifetime: 3600 } },
  });
  // One client for all calls: it alone knows of the limits.
  client.rest.clearHandlerSweeper();
  client.rest.clearHashSweeper();
  client.rest = rest;
  handleOnly(client, kept, onUnread);
  return client;
}

/** What guilds and channels are made of. */
const kept =
  /^(?:READY|RESUMED|GUILD_(?:CREATE|UPDATE|DELETE|ROLE_\w+)|CHANNEL_\w+|THREAD_(?:CREATE|UPDATE|DELETE|LIST_SYNC))$/;
