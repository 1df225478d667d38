import type { Client, REST } from "discord.js";

/**
 * A client that keeps guilds, roles and channels, and nothing that grows with what people say: no messages, members, users,
 * presences. The adapter reads events as they come, so nothing of it is missed.
 */
export async function leanClient({
  intents,
  rest,
}: {
  readonly intents: number;
  readonly rest: REST;
}): Promise<Client> {
  const { Client: DiscordClient, Options } = await import("discord.js");
  const client = new DiscordClient({
    intents,
    shards: "auto",
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
  handleOnly(client, kept);
  return client;
}

/** What guilds and channels are made of. */
const kept =
  /^(?:READY|RESUMED|GUILD_(?:CREATE|UPDATE|DELETE|ROLE_\w+)|CHANNEL_\w+|THREAD_(?:CREATE|UPDATE|DELETE|LIST_SYNC))$/;

/**
 * Keeps the client from making objects of everything else, which nobody here uses. What it does not expect of one of them
 * it throws at, where nobody can catch it.
 */
function handleOnly({ ws }: Client, types: RegExp): void {
  const handle: unknown = Reflect.get(ws, "handlePacket");
  // A client without such a method does more than it needs to.
  if (typeof handle !== "function") return;
  Reflect.set(ws, "handlePacket", (packet?: { readonly t: string }, shard?: unknown): unknown =>
    packet === undefined || types.test(packet.t)
      ? Reflect.apply(handle, ws, [packet, shard])
      : true,
  );
}
