import { z } from "zod";

import type { Attachment, Message } from "../../core/message.ts";
import { fileIdOf } from "./download.ts";
import type { Identity } from "./identity.ts";
import { givenAt, snowflake } from "./snowflake.ts";

/** A message that may be for the bot; where it is, is not known yet. */
export interface Posted {
  readonly id: string;
  readonly channelId: string;
  /** Undefined where it was written to the bot alone. */
  readonly guildId: string | undefined;
  readonly isMention: boolean;
  readonly hasThread: boolean;
  readonly message: Omit<Message, "thread" | "kind">;
}

/**
 * Reads a message: undefined for what is not for the bot, whatever channel it is in: its own posts, other bots, what
 * Discord itself says, and what it may not read.
 */
export function postedMessage(event: unknown, { userId }: Identity): Posted | undefined {
  const parsed = Given.safeParse(event);
  if (!parsed.success) return undefined;
  const { id, channel_id, guild_id, author, member, content, mentions, flags, ...rest } =
    parsed.data;
  if (author.bot || author.system || author.id === userId || rest.webhook_id !== undefined)
    return undefined;
  if (!said.has(rest.type)) return undefined;
  const isMention = mentions.some((each) => each.id === userId);
  // Without the intent for it Discord shows nothing of what does not name the bot.
  const isEmpty = content === "" && rest.attachments.length === 0;
  if (isEmpty && !isMention && guild_id !== undefined) return undefined;
  return {
    id,
    channelId: channel_id,
    guildId: guild_id,
    isMention,
    hasThread: (flags & hasThread) !== 0,
    message: {
      id: messageId(channel_id, id),
      actor: {
        id: author.id,
        name: member?.nick ?? author.global_name ?? author.username,
        roles: member?.roles ?? [],
      },
      text: typedText(content, userId),
      attachments: rest.attachments.map((file) =>
        attachment(file, { channelId: channel_id, messageId: id }),
      ),
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
export const typedText = (content: string, botUserId: string): string =>
  content.replace(new RegExp(`^\\s*<@!?${botUserId}>[ \\t]*`), "");

export const isStop = (text: string): boolean => /^\s*stop[.!]?\s*$/i.test(text);

/** Kinds of messages that people write: plain ones and replies. */
const said = new Set([0, 19]);
const hasThread = 1 << 5;

const File = z.object({
  id: snowflake,
  filename: z.string(),
  size: z.number().int().nonnegative().optional(),
  content_type: z.string().nullish(),
});

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

const Given = z.object({
  id: snowflake,
  type: z.number().int(),
  channel_id: snowflake,
  guild_id: z.string().optional(),
  author: Author,
  member: Member.optional(),
  webhook_id: z.string().optional(),
  content: z.string().default(""),
  mentions: z.array(z.object({ id: z.string() })).default([]),
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
