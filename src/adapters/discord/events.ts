import { z } from "zod";

import type { EmojiMeaning } from "../text/control-emoji.ts";
import { createChannels } from "./channels.ts";
import type { Connection, GatewayEvent } from "./connection.ts";
import type { EventOptions } from "./event-options.ts";
import type { Interactions } from "./interactions/handle.ts";
import { isEdited, type Named, postedMessage } from "./messages.ts";
import { createMissed } from "./missed.ts";
import { reactionOf, takeReaction } from "./reactions.ts";
import { takeMessages } from "./take-message.ts";

/** Sorts what Discord tells. It does not wait: what takes longer goes on by itself, those of a channel in their order. */
export function createEvents(
  options: EventOptions & {
    readonly interactions: Pick<Interactions, "take">;
    /** What emoji mean. */
    readonly meanings: ReadonlyMap<string, EmojiMeaning>;
  },
): { readonly handle: (event: GatewayEvent, connection: Connection) => void } {
  const { receiver, identity, interactions, meanings } = options;
  let connected: Connection | undefined;
  const channels = createChannels({ ...options, cached: (id) => connected?.channel(id) });
  const named: Named = {
    userId: identity.userId,
    roleIn: (guildId) => connected?.botRole(guildId),
  };
  const messages = takeMessages({ ...options, channels });
  const missed = createMissed({
    ...options,
    named,
    take: (posted) => messages.written(posted, { isMissed: true }),
    mayRead: (id) => connected?.mayRead(id) ?? true,
  });
  const inOrder = (channelId: string, take: () => Promise<void>): void =>
    receiver.inOrder(channelId, take);

  return {
    handle({ type, data }, connection) {
      connected = connection;
      switch (type) {
        case "MESSAGE_CREATE": {
          const posted = postedMessage(data, named);
          if (posted)
            inOrder(posted.channelId, () => messages.written(posted, { isMissed: false }));
          return;
        }
        case "MESSAGE_UPDATE": {
          const posted = isEdited(data) ? postedMessage(data, named) : undefined;
          if (posted) inOrder(posted.channelId, () => messages.changed(posted));
          return;
        }
        case "MESSAGE_DELETE":
        case "MESSAGE_DELETE_BULK": {
          for (const deleted of deletedOf(data))
            inOrder(deleted.channelId, () => messages.deleted(deleted));
          return;
        }
        case "MESSAGE_REACTION_ADD": {
          const reaction = reactionOf(data, { botUserId: identity.userId, meanings });
          if (reaction)
            inOrder(reaction.channelId, () => takeReaction(reaction, { ...options, channels }));
          return;
        }
        case "INTERACTION_CREATE":
          // Not in order: it has three seconds.
          return void interactions.take(data);
        case "GUILD_CREATE":
          return missed.inGuild(data);
        case "READY":
          return missed.directly(data);
        default:
          return;
      }
    },
  };
}

function deletedOf(event: unknown) {
  const parsed = Deleted.safeParse(event);
  if (!parsed.success) return [];
  const { id, ids = [], channel_id: channelId, guild_id: guildId } = parsed.data;
  return [...(id === undefined ? [] : [id]), ...ids].map((each) => ({
    id: each,
    channelId,
    guildId,
  }));
}

const Deleted = z.object({
  id: z.string().optional(),
  ids: z.array(z.string()).optional(),
  channel_id: z.string(),
  guild_id: z.string().optional(),
});
