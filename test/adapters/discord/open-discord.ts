import { discordAdapter } from "../../../src/adapters/discord/index.ts";
import type { DiscordAdapterOptions } from "../../../src/adapters/discord/index.ts";
import type { ThreadRef } from "../../../src/core/ids.ts";
import {
  discordTwin,
  type DiscordTwinOptions,
} from "../../../src/testing/discord-twin/discord-twin.ts";

/** A Discord and an adapter on it. */
export async function openDiscord({
  twin,
  ...options
}: Partial<DiscordAdapterOptions> & { readonly twin?: DiscordTwinOptions } = {}) {
  const discord = await discordTwin(twin);
  const { botToken, apiUrl } = discord;
  const adapter = discordAdapter({ botToken, apiUrl, ...options });
  return {
    discord,
    adapter,
    refOf: ({ channel, thread }: Pick<ThreadRef, "channel" | "thread">): ThreadRef => ({
      platform: "discord",
      workspace: channel === thread ? "@me" : discord.guildId,
      channel,
      thread,
    }),
    async [Symbol.asyncDispose]() {
      await adapter[Symbol.asyncDispose]();
      await discord[Symbol.asyncDispose]();
    },
  };
}
