import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { DiscordApi } from "./api.ts";
import { discordCode } from "./failures.ts";
import { patiently } from "./patiently.ts";
import { remembering } from "./remembering.ts";

/** What must be known of the channel that something was said in. */
export interface ChannelFacts {
  readonly isThread: boolean;
  /** Of a thread. */
  readonly parentId: string | undefined;
  readonly guildId: string | undefined;
}

/** Tells channels from threads. */
export interface Channels {
  facts(id: string, options: { readonly signal: AbortSignal }): Promise<ChannelFacts | undefined>;
}

/** Asks the client's cache, and for what is not in it, such as threads that were archived, Discord. */
export function createChannels({
  api,
  cached,
  clock,
}: {
  readonly api: DiscordApi;
  readonly clock: Clock;
  readonly cached: (id: string) => ChannelFacts | undefined;
}): Channels {
  const asked = remembering<Promise<ChannelFacts | undefined>>(maxAsked);
  const ask = async (id: string, signal: AbortSignal): Promise<ChannelFacts | undefined> => {
    try {
      // Whoever does not know where something was said loses it.
      const call = () => api.call("GET", `/channels/${id}`, { signal });
      const answer = await patiently(call, { clock, signal, maxTries: Infinity });
      const { type, parent_id, guild_id } = Channel.parse(answer);
      return {
        isThread: threads.has(type),
        parentId: parent_id ?? undefined,
        guildId: guild_id ?? undefined,
      };
    } catch (error) {
      asked.delete(id);
      // Gone, or not to be seen: nothing that was said there is for the bot any more.
      if (discordCode(error) !== undefined) return undefined;
      throw error;
    }
  };
  return {
    async facts(id, { signal }) {
      const known = cached(id);
      if (known) return known;
      const answer = asked.get(id) ?? ask(id, signal);
      asked.set(id, answer);
      return answer;
    },
  };
}

const maxAsked = 2000;
/** https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
export const threads: ReadonlySet<number> = new Set([10, 11, 12]);

const Channel = z.object({
  type: z.number().int(),
  parent_id: z.string().nullish(),
  guild_id: z.string().nullish(),
});

/** The workspace of what is said to the bot alone, as in the addresses of Discord's own apps. */
export const directWorkspace = "@me";

/** The thread of something that was said: the thread it is in, the one that begins at it, or the direct channel. */
export function threadAt(
  { channelId, messageId }: { readonly channelId: string; readonly messageId: string },
  { isThread, parentId, guildId }: ChannelFacts,
): ThreadRef {
  const workspace = guildId ?? directWorkspace;
  if (guildId === undefined || isThread)
    return { platform: "discord", workspace, channel: parentId ?? channelId, thread: channelId };
  return { platform: "discord", workspace, channel: channelId, thread: messageId };
}
