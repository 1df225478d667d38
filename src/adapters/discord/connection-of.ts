import type { Channel, Client } from "discord.js";

import { type ChannelFacts, threads } from "./channels.ts";
import type { Connection } from "./connection.ts";

/** What the client keeps, in the adapter's words. */
export function connectionOf(client: Client): Connection {
  return {
    channel(id) {
      const channel = client.channels.cache.get(id);
      return channel && factsOf(channel);
    },
    mayRead(id) {
      const channel = client.channels.cache.get(id);
      if (!channel || channel.isDMBased()) return undefined;
      const { me } = channel.guild.members;
      return me ? channel.permissionsFor(me).has(reading) : undefined;
    },
    botRole(guildId) {
      const { user } = client;
      return user ? client.guilds.cache.get(guildId)?.roles.botRoleFor(user)?.id : undefined;
    },
    guilds: () => [...client.guilds.cache.keys()],
    premiumTier: (guildId) => client.guilds.cache.get(guildId)?.premiumTier,
    async [Symbol.asyncDispose]() {
      client.removeAllListeners();
      await client.destroy();
    },
  };
}

/** View Channel and Read Message History: https://discord.com/developers/docs/topics/permissions */
const reading = (1n << 10n) | (1n << 16n);

function factsOf(channel: Channel): ChannelFacts {
  return {
    isThread: threads.has(channel.type),
    parentId: channel.isThread() ? (channel.parentId ?? undefined) : undefined,
    guildId: channel.isDMBased() ? undefined : channel.guildId,
  };
}
