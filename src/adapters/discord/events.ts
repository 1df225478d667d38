import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { Actor } from "../../core/message.ts";
import type { DiscordApi } from "./api.ts";
import { createChannels, directWorkspace, threadAt } from "./channels.ts";
import type { Connection, GatewayEvent } from "./connection.ts";
import type { Identity } from "./identity.ts";
import { isStop, Member, type Posted, postedMessage } from "./messages.ts";
import { missedIn } from "./missed.ts";
import type { Places } from "./places.ts";
import type { Receiver } from "./receive.ts";
import { remembering } from "./remembering.ts";
import type { Teller } from "./tell.ts";

export interface EventsOptions {
  readonly api: DiscordApi;
  readonly receiver: Receiver;
  readonly places: Places;
  readonly teller: Teller;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Sorts what Discord tells. It does not wait: what takes longer goes on by itself, those of a channel in their order. */
export function createEvents(options: EventsOptions): {
  readonly handle: (event: GatewayEvent, connection: Connection) => void;
} {
  const { api, receiver, places, teller, identity, log, signal } = options;
  let connected: Connection | undefined;
  const channels = createChannels({ api, cached: (id) => connected?.channel(id) });

  /** What was brought already: what is read again of a channel is not brought again. */
  const brought = remembering<true>(maxBrought);

  const take = async (
    posted: Posted,
    { isMissed }: { readonly isMissed: boolean },
  ): Promise<void> => {
    const { channelId, id, guildId, isMention, hasThread } = posted;
    if (isMissed && brought.get(id)) return;
    const facts =
      guildId === undefined
        ? { isThread: false, parentId: undefined, guildId }
        : await channels.facts(channelId, { signal });
    // In a channel, only what names the bot is for it.
    if (!facts || (guildId !== undefined && !facts.isThread && !isMention)) return;
    const thread = threadAt({ channelId, messageId: id }, facts);
    const addressed =
      thread.workspace === directWorkspace ? "direct" : isMention ? "mention" : "thread";
    const { text } = posted.message;
    if (thread.thread === id && !hasThread) places.begins(thread, text);
    const kind = isStop(text) ? "stop" : addressed;
    const actor = await withRoles(posted, { isMissed });
    const received = await receiver.bring({ ...posted.message, actor, thread, kind });
    brought.set(id, true);
    if (received.status !== "denied" || isMissed) return;
    const { reason } = received;
    teller.tell({ user: posted.message.actor.id, reason, channelId, messageId: id });
  };

  /** What is read of a channel does not say who is what in the guild; what Discord tells does. */
  const withRoles = async (
    { guildId, message: { actor } }: Posted,
    { isMissed }: { readonly isMissed: boolean },
  ): Promise<Actor> => {
    if (!isMissed || guildId === undefined) return actor;
    const answer = await api
      .call("GET", `/guilds/${guildId}/members/${actor.id}`, { signal })
      .catch(() => undefined); // Gone from the guild: somebody without roles.
    return { ...actor, roles: Member.safeParse(answer).data?.roles ?? [] };
  };

  return {
    handle({ type, data }, connection) {
      connected = connection;
      switch (type) {
        case "MESSAGE_CREATE": {
          const posted = postedMessage(data, identity);
          if (posted) receiver.inOrder(posted.channelId, () => take(posted, { isMissed: false }));
          return;
        }
        case "GUILD_CREATE":
          return missedIn(data, { ...options, take: (posted) => take(posted, { isMissed: true }) });
        default:
          return void log;
      }
    },
  };
}

const maxBrought = 10_000;
