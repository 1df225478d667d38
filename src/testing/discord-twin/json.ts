import { isForum } from "./channel-types.ts";
import type { TwinGuild } from "./guild.ts";
import type { TwinInteraction } from "./interactions.ts";
import { givenAt } from "./snowflake.ts";
import type { DiscordState, TwinChannel, TwinFile, TwinMessage } from "./state.ts";

/** What Discord's payloads are made of. */
export interface JsonContext {
  readonly state: DiscordState;
  readonly interactions: readonly TwinInteraction[];
  /** Of the place that files are at. */
  readonly url: string;
  /** Bits of names of files are signed, and expire. */
  readonly sign: (path: string) => string;
}

export function userJson({ botId }: DiscordState, id: string): object {
  const isBot = id === botId;
  const name = isBot ? "Opsthread" : id.toLowerCase();
  return { id, username: name, global_name: name, discriminator: "0", avatar: null, bot: isBot };
}

export function memberJson({ members }: TwinGuild, id: string): object {
  return {
    roles: members.get(id) ?? [],
    nick: null,
    avatar: null,
    joined_at: "2026-01-01T00:00:00.000000+00:00",
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
    pending: false,
  };
}

export function fileJson(file: TwinFile, channelId: string, { url, sign }: JsonContext): object {
  const { id, name, mediaType, description, bytes } = file;
  const path = `/attachments/${channelId}/${id}/${encodeURIComponent(name)}`;
  const place = `${url}${path}?${sign(path)}`;
  return {
    id,
    filename: name,
    size: bytes.byteLength,
    url: place,
    proxy_url: place,
    content_type: mediaType,
    ...(description !== undefined && { description }),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString().replace("Z", "000+00:00");

/** `hidden`: without what an app may not read that lacks the intent for it. */
export function messageJson(
  message: TwinMessage,
  context: JsonContext,
  {
    hidden = false,
    isInner = false,
  }: { readonly hidden?: boolean; readonly isInner?: boolean } = {},
): object {
  const { state } = context;
  const { id, channelId, authorId, files, replyTo, interactionId, editedAt, more } = message;
  const channel = state.channel(channelId);
  return {
    id,
    channel_id: channelId,
    type: replyTo === undefined ? 0 : 19,
    author: userJson(state, authorId),
    content: hidden ? "" : message.content,
    timestamp: iso(givenAt(id)),
    edited_timestamp: editedAt === undefined ? null : iso(editedAt),
    tts: false,
    mention_everyone: false,
    mentions: message.mentions.map((user) => userJson(state, user)),
    mention_roles: message.mentionRoles,
    attachments: hidden ? [] : files.map((file) => fileJson(file, channelId, context)),
    embeds: hidden ? [] : message.embeds,
    components: hidden ? [] : message.components,
    reactions: [...message.reactions].map(([name, people]) => ({
      count: people.size,
      me: people.has(state.botId),
      emoji: { id: null, name },
    })),
    pinned: false,
    flags: message.flags | (message.onlyFor === undefined ? 0 : 64),
    ...(replyTo !== undefined && {
      message_reference: { type: 0, message_id: replyTo, channel_id: channelId },
      // Of what that replies to nothing is told.
      ...(!isInner && { referenced_message: repliedJson(message, context, hidden) }),
    }),
    ...(more && moreJson(more, context, hidden)),
    ...(authorId === state.botId && { application_id: state.applicationId }),
    ...(interactionId !== undefined && {
      interaction_metadata: interactionJson(interactionId, context),
    }),
    ...(channel?.guildId === undefined && { channel_type: 1 }),
  };
}

function repliedJson(
  { channelId, replyTo }: TwinMessage,
  context: JsonContext,
  hidden: boolean,
): object | null {
  const { state } = context;
  const replied = state.channel(channelId)?.messages.find(({ id }) => id === replyTo);
  if (!replied) return null;
  return messageJson(replied, context, {
    hidden: hidden && replied.authorId !== state.botId,
    isInner: true,
  });
}

/** Stickers, polls, and what was forwarded: https://discord.com/developers/docs/resources/message#message-object */
function moreJson(
  { stickers, poll, forwards }: TwinMessage["more"] & object,
  context: JsonContext,
  hidden: boolean,
): object {
  const { state } = context;
  return {
    ...(stickers && {
      sticker_items: stickers.map((name) => ({ id: state.applicationId, name, format_type: 1 })),
    }),
    ...(poll &&
      !hidden && {
        poll: {
          question: { text: poll.question },
          answers: poll.answers.map((text, index) => ({
            answer_id: index + 1,
            poll_media: { text },
          })),
          expiry: null,
          allow_multiselect: false,
          layout_type: 1,
        },
      }),
    ...(forwards && {
      message_reference: { type: 1, message_id: forwards.id, channel_id: forwards.channelId },
      ...(!hidden && { message_snapshots: [{ message: snapshotJson(forwards, context) }] }),
    }),
  };
}

/** Of what is forwarded nobody is told who said it. */
function snapshotJson(message: TwinMessage, context: JsonContext): object {
  const { content, files, channelId, mentions, mentionRoles, flags, id } = message;
  return {
    type: 0,
    content,
    mentions: mentions.map((user) => userJson(context.state, user)),
    mention_roles: mentionRoles,
    attachments: files.map((file) => fileJson(file, channelId, context)),
    embeds: message.embeds,
    timestamp: iso(givenAt(id)),
    edited_timestamp: null,
    flags,
    components: [],
  };
}

/** https://discord.com/developers/docs/resources/message#message-interaction-metadata-object */
function interactionJson(id: string, { state, interactions }: JsonContext): object {
  const known = interactions.find((each) => each.id === id);
  return {
    id,
    type: known?.type ?? 2,
    user: userJson(state, known?.user ?? ""),
    authorizing_integration_owners: {},
  };
}

export function channelJson(channel: TwinChannel, state: DiscordState): object {
  const { id, type, name, guildId, parentId, thread, recipient, messages, overwrites } = channel;
  if (guildId === undefined)
    return {
      id,
      type,
      recipients: [userJson(state, recipient ?? "")],
      last_message_id: messages.at(-1)?.id ?? null,
    };
  return {
    id,
    type,
    name,
    guild_id: guildId,
    parent_id: parentId ?? null,
    last_message_id: (isForum(type) ? lastPost(channel, state) : messages.at(-1)?.id) ?? null,
    ...(thread
      ? {
          owner_id: thread.ownerId,
          message_count: messages.length,
          member_count: 1,
          thread_metadata: {
            archived: state.isArchived(thread),
            auto_archive_duration: thread.autoArchiveMinutes,
            archive_timestamp: iso(thread.activeAt),
            locked: thread.locked,
          },
        }
      : {
          position: 0,
          permission_overwrites: overwrites.map(({ id: of, allow, deny }) => ({
            id: of,
            type: state.guildOf(guildId).roles.has(of) ? 0 : 1,
            allow: String(allow),
            deny: String(deny),
          })),
        }),
  };
}

/** Of a forum, the last message is its last thread. */
const lastPost = ({ id }: TwinChannel, state: DiscordState): string | undefined =>
  state.guildChannels().findLast(({ parentId }) => parentId === id)?.id;

export function guildJson(state: DiscordState, guild: TwinGuild): object {
  const { botId } = state;
  const channels = [...guild.channels.values()];
  return {
    id: guild.id,
    name: guild.name,
    owner_id: "1",
    joined_at: "2026-01-01T00:00:00.000000+00:00",
    large: guild.members.size > 250,
    member_count: guild.members.size,
    premium_tier: guild.premiumTier,
    features: [],
    emojis: [],
    stickers: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    presences: [],
    voice_states: [],
    roles: [...guild.roles].map(([id, { name, permissions }]) => ({
      id,
      name,
      permissions: String(permissions),
      ...(id === guild.botRoleId && { tags: { bot_id: botId } }),
    })),
    // Of a large guild Discord tells only of the bot and of who is there.
    members: [{ ...memberJson(guild, botId), user: userJson(state, botId) }],
    // Also of channels that the bot may not see, but of no threads in them.
    channels: channels.filter(({ thread }) => !thread).map((each) => channelJson(each, state)),
    threads: channels
      .filter(({ thread }) => thread && !state.isArchived(thread))
      .filter((channel) => state.may(botId, channel, "VIEW_CHANNEL"))
      .map((channel) => channelJson(channel, state)),
  };
}
