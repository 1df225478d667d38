import { z } from "zod";

import type { Attachment, Message } from "../../core/message.ts";
import type { Identity } from "./identity.ts";
import { mentions, typedText } from "./incoming-text.ts";

/** What an event of Slack's is for the bot. */
export interface PostedEvent {
  /** Slack tells of one post that names the bot as both. */
  readonly source: "message" | "app_mention";
  readonly message: Message;
}

/**
 * Reads an event; undefined for what is not for the bot: its own posts, other bots, edits, talk beside threads.
 * @param options.isOfThread it belongs to a conversation, also where it names nobody and begins the thread
 */
export function postedEvent(
  event: unknown,
  identity: Identity,
  { isOfThread = false }: { readonly isOfThread?: boolean } = {},
): PostedEvent | undefined {
  const parsed = Posted.safeParse(event);
  if (!parsed.success) return undefined;
  const { type, subtype, bot_id, user, channel, ts, thread_ts, files, ...rest } = parsed.data;
  const text = parsed.data.text ?? "";
  if (bot_id || user === identity.userId || user === "USLACKBOT") return undefined;
  if (subtype && !said.has(subtype)) return undefined;
  // Of a channel that is shared with others: "everybody of the workspace" must not be them.
  const team = rest.user_team ?? rest.team ?? identity.teamId;
  if (team !== identity.teamId) return undefined;
  const isDirect = rest.channel_type === "im";
  const isMention = type === "app_mention" || mentions(text, identity.userId);
  if (!isDirect && !isMention && !isOfThread && !thread_ts) return undefined;
  const typed = typedText(text, identity.userId);
  const addressed = isDirect ? "direct" : isMention ? "mention" : "thread";
  return {
    source: type,
    message: {
      id: `${channel}:${ts}`,
      thread: {
        platform: "slack",
        workspace: identity.teamId,
        channel,
        thread: thread_ts ?? ts,
      },
      actor: { id: user, roles: [] },
      kind: stop.test(typed) ? "stop" : addressed,
      text: typed,
      attachments: files?.map(attachment) ?? [],
      sentAt: Number(ts) * 1000,
    },
  };
}

const stop = /^\s*stop[.!]?\s*$/i;
/** Kinds of messages that people write. */
const said = new Set(["file_share", "me_message", "thread_broadcast"]);

export const ts = z.string().regex(/^\d{1,12}\.\d{1,9}$/);

export const File = z.object({
  id: z.string().min(1),
  name: z.string().nullish(),
  title: z.string().nullish(),
  mimetype: z.string().nullish(),
  size: z.number().int().nonnegative().nullish(),
  url_private: z.string().nullish(),
  url_private_download: z.string().nullish(),
});

/** What is not there may be null as well. */
const Posted = z.object({
  type: z.enum(["message", "app_mention"]),
  subtype: z.string().nullish(),
  bot_id: z.string().nullish(),
  user: z.string().min(1),
  team: z.string().nullish(),
  user_team: z.string().nullish(),
  channel: z.string().min(1),
  channel_type: z.string().nullish(),
  ts,
  thread_ts: ts.nullish(),
  text: z.string().nullish(),
  files: z.array(File).nullish(),
});

/** Its id says where the file is as well, where Slack told: that need not be asked for again. */
export function attachment({
  id,
  name,
  title,
  mimetype,
  size,
  url_private,
  url_private_download,
}: z.infer<typeof File>): Attachment {
  const url = url_private_download || url_private;
  return {
    id: url ? `${id} ${url}` : id,
    name: name || title || id,
    ...(mimetype && { mediaType: mimetype }),
    ...(typeof size === "number" && { bytes: size }),
  };
}
