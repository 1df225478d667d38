import { z } from "zod";

import type { Attachment, Message } from "../../core/message.ts";
import { fileIdOf } from "./download.ts";
import { givenAt, snowflake } from "./snowflake.ts";
import { File, Wordless, wordsFor } from "./wordless.ts";

/** A message that may be for the bot; where it is, is not known yet. */
export interface Posted {
  readonly id: string;
  readonly channelId: string;
  /** Undefined where it was written to the bot alone. */
  readonly guildId: string | undefined;
  readonly isMention: boolean;
  /** The bot's role was named, and its words are not shown: the intent for them is missing. */
  readonly isUnreadable: boolean;
  /** The message that the exchange began at which this is a reply in: one of the bot's was replied to. */
  readonly answers: string | undefined;
  readonly hasThread: boolean;
  readonly message: Omit<Message, "thread" | "kind">;
}

/** Who the bot is in a guild: people name it, or the role that came with it. */
export interface Named {
  readonly userId: string;
  readonly roleIn: (guildId: string) => string | undefined;
}

/**
 * Reads a message: undefined for what is not for the bot, whatever channel it is in: its own posts, other bots, what
 * Discord itself says, and what it may not read.
 */
export function postedMessage(event: unknown, { userId, roleIn }: Named): Posted | undefined {
  const parsed = Given.safeParse(event);
  if (!parsed.success) return undefined;
  const { id, author, member, content, mentions, flags, ...rest } = parsed.data;
  const [channel_id, guild_id] = [rest.channel_id, rest.guild_id ?? undefined];
  if (author.bot || author.system || author.id === userId || rest.webhook_id) return undefined;
  if (!said.has(rest.type)) return undefined;
  const roleId = guild_id === undefined ? undefined : roleIn(guild_id);
  const isRoleNamed = roleId !== undefined && rest.mention_roles.includes(roleId);
  const isMention = isRoleNamed || mentions.some((each) => each.id === userId);
  const words = [typedText(content, { userId, roleId }), wordsFor(rest)]
    .filter((text) => text !== "")
    .join("\n");
  const files = [
    ...rest.attachments,
    ...rest.message_snapshots.flatMap(({ message }) => message.attachments),
  ];
  // Without the intent for it Discord shows nothing of what does not name the bot.
  const isEmpty = words === "" && files.length === 0;
  if (isEmpty && !isMention && guild_id !== undefined) return undefined;
  return {
    id,
    channelId: channel_id,
    guildId: guild_id,
    isMention,
    // A role is named in words.
    isUnreadable: isRoleNamed && content === "",
    answers: answered(rest.referenced_message, userId),
    hasThread: (flags & hasThread) !== 0,
    message: {
      id: messageId(channel_id, id),
      actor: {
        id: author.id,
        name: member?.nick ?? author.global_name ?? author.username,
        roles: member?.roles ?? [],
      },
      text: words,
      attachments: files.map((file) => attachment(file, { channelId: channel_id, messageId: id })),
      sentAt: givenAt(id),
    },
  };
}

export const messageId = (channelId: string, id: string): string => `${channelId}:${id}`;

/** Discord also tells of a change when it shows more of a link: then nobody edited. */
export const isEdited = (event: unknown): boolean =>
  typeof event === "object" &&
  event !== null &&
  "edited_timestamp" in event &&
  event.edited_timestamp !== null;

/** What a person typed, without the bot's name before it. */
const typedText = (
  content: string,
  { userId, roleId = userId }: { readonly userId: string; readonly roleId: string | undefined },
): string => content.replace(new RegExp(`^\\s*<@(?:!?${userId}|&${roleId})>[ \\t]*`), "");

/** Beneath what the bot's message is that was replied to: that itself, where it is no reply. */
export function answered(
  replied: z.infer<typeof Replied> | null | undefined,
  userId: string,
): string | undefined {
  if (replied?.author.id !== userId) return undefined;
  return replied.message_reference?.message_id ?? replied.id;
}

export const isStop = (text: string): boolean => /^\s*stop[.!]?\s*$/i.test(text);

/** Kinds of messages that people write: plain ones and replies. */
const said = new Set([0, 19]);
const hasThread = 1 << 5;

export const Author = z.object({
  id: z.string().min(1),
  username: z.string().default(""),
  global_name: z.string().nullish(),
  bot: z.boolean().default(false),
  system: z.boolean().default(false),
});

export const Member = z.object({
  nick: z.string().nullish(),
  roles: z.array(z.string()).default([]),
});

/** A message that another one refers to. */
export const Replied = z.object({
  id: snowflake,
  author: z.object({ id: z.string() }),
  message_reference: z.object({ message_id: snowflake.optional() }).nullish(),
});

const Given = z.object({
  id: snowflake,
  type: z.number().int(),
  channel_id: snowflake,
  guild_id: z.string().nullish(),
  author: Author,
  member: Member.nullish(),
  webhook_id: z.string().nullish(),
  content: z.string().default(""),
  mentions: z.array(z.object({ id: z.string() })).default([]),
  mention_roles: z.array(z.string()).default([]),
  referenced_message: Replied.nullish().catch(undefined),
  ...Wordless,
  attachments: z.array(File).default([]),
  flags: z.number().int().default(0),
});

function attachment(
  { id, filename, size, content_type }: z.infer<typeof File>,
  message: { readonly channelId: string; readonly messageId: string },
): Attachment {
  return {
    id: fileIdOf(message, id),
    name: filename || id,
    ...(content_type && { mediaType: content_type }),
    ...(size !== undefined && { bytes: size }),
  };
}
