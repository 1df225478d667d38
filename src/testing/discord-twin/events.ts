import type { PendingFaults } from "./faults.ts";
import type { Gateway } from "./gateway.ts";
import { intentBits } from "./intents.ts";
import { channelJson, type JsonContext, memberJson, messageJson, userJson } from "./json.ts";
import type { TwinChannel, TwinMessage } from "./state.ts";

/** Tells the bot what happens where it may look; its own posts, too, as Discord does. */
export interface DiscordEvents {
  created(message: TwinMessage): void;
  updated(message: TwinMessage): void;
  deleted(message: TwinMessage): void;
  reacted(
    message: TwinMessage,
    reaction: { readonly user: string; readonly emoji: string; readonly isRemoved?: boolean },
  ): void;
  threadCreated(thread: TwinChannel): void;
  threadUpdated(thread: TwinChannel): void;
  channelUpdated(channel: TwinChannel): void;
  /** Takes a channel or a thread away, and tells of it. */
  channelRemoved(id: string): void;
  readonly interaction: (payload: object, guildId: string | undefined) => void;
}

export function discordEvents({
  context,
  gateway,
  faults,
}: {
  readonly context: () => JsonContext;
  readonly gateway: () => Gateway;
  readonly faults: PendingFaults;
}): DiscordEvents {
  const seen = (id: string): TwinChannel | undefined => {
    const { state } = context();
    const channel = state.channel(id);
    return channel && state.may(state.botId, channel, "VIEW_CHANNEL") ? channel : undefined;
  };
  const tell = (
    event: string,
    channel: TwinChannel,
    data: (intents: number) => object,
    times = 1,
  ): void => {
    const { guildId } = channel;
    const place = guildId === undefined ? {} : { guild_id: guildId };
    gateway().dispatch(
      { event, guildId, data: (intents) => ({ ...data(intents), ...place }) },
      times,
    );
  };
  const ofMessage = (event: string, message: TwinMessage, times = 1): void => {
    const channel = seen(message.channelId);
    if (!channel || message.onlyFor !== undefined) return;
    const { state } = context();
    tell(
      event,
      channel,
      (intents) => ({
        ...messageJson(message, context(), {
          hidden: isHidden(message, channel, { botId: state.botId, intents }),
        }),
        ...(channel.guildId !== undefined && {
          member: memberJson(state.guildOf(channel.guildId), message.authorId),
        }),
      }),
      times,
    );
  };
  return {
    created(message) {
      const times = faults.duplicates > 0 && message.authorId !== context().state.botId ? 2 : 1;
      if (times > 1) faults.duplicates -= 1;
      ofMessage("MESSAGE_CREATE", message, times);
    },
    updated: (message) => ofMessage("MESSAGE_UPDATE", message),
    deleted({ id, channelId }) {
      const channel = seen(channelId);
      if (channel) tell("MESSAGE_DELETE", channel, () => ({ id, channel_id: channelId }));
    },
    reacted({ id, channelId, authorId }, { user, emoji, isRemoved = false }) {
      const channel = seen(channelId);
      if (!channel) return;
      const { state } = context();
      tell(`MESSAGE_REACTION_${isRemoved ? "REMOVE" : "ADD"}`, channel, () => ({
        user_id: user,
        channel_id: channelId,
        message_id: id,
        message_author_id: authorId,
        emoji: { id: null, name: emoji },
        burst: false,
        type: 0,
        ...(channel.guildId !== undefined &&
          !isRemoved && {
            member: {
              ...memberJson(state.guildOf(channel.guildId), user),
              user: userJson(state, user),
            },
          }),
      }));
    },
    threadCreated(thread) {
      if (seen(thread.id))
        tell("THREAD_CREATE", thread, () => ({
          ...channelJson(thread, context().state),
          newly_created: true,
        }));
    },
    threadUpdated(thread) {
      if (seen(thread.id))
        tell("THREAD_UPDATE", thread, () => channelJson(thread, context().state));
    },
    channelUpdated(channel) {
      // Also of one that can't be seen any more: permissions are no secret.
      tell("CHANNEL_UPDATE", channel, () => channelJson(channel, context().state));
    },
    channelRemoved(id) {
      const { state } = context();
      const channel = state.channel(id);
      if (!channel) return;
      const { guildId, parentId, type } = channel;
      state.guildOf(guildId).channels.delete(id);
      const facts = channel.thread
        ? { id, parent_id: parentId, type }
        : channelJson(channel, state);
      tell(`${channel.thread ? "THREAD" : "CHANNEL"}_DELETE`, channel, () => facts);
    },
    interaction: (payload, guildId) =>
      gateway().dispatch({ event: "INTERACTION_CREATE", guildId, data: () => payload }),
  };
}

/** https://discord.com/developers/docs/events/gateway#message-content-intent */
function isHidden(
  { authorId, mentions }: TwinMessage,
  { guildId }: TwinChannel,
  { botId, intents }: { readonly botId: string; readonly intents: number },
): boolean {
  const isFree = guildId === undefined || authorId === botId || mentions.includes(botId);
  return !isFree && (intents & intentBits.messageContent) === 0;
}
