import { isForum } from "./channel-types.ts";
import type { DiscordEvents } from "./events.ts";
import type { FileLimits, MessageBody } from "./message-body.ts";
import { componentsV2 } from "./message-body.ts";
import { refusals } from "./refusal.ts";
import { givenAt } from "./snowflake.ts";
import type { DiscordState, TwinChannel, TwinMessage } from "./state.ts";

/** Whether somebody may write here at all. */
export function checkMayPost(state: DiscordState, author: string, channel: TwinChannel): void {
  if (!state.may(author, channel, "VIEW_CHANNEL")) throw refusals.missingAccess();
  if (isForum(channel.type)) throw refusals.notAText();
  const needed = channel.thread ? "SEND_MESSAGES_IN_THREADS" : "SEND_MESSAGES";
  if (!state.may(author, channel, needed)) throw refusals.missingPermissions();
  if (channel.thread?.locked && !state.may(author, channel, "MANAGE_THREADS"))
    throw refusals.locked();
}

/** Puts a message where it belongs, and tells of it. The same nonce again, within minutes, is the same message. */
export function postMessage(
  { state, events }: { readonly state: DiscordState; readonly events: DiscordEvents },
  channel: TwinChannel,
  {
    author,
    body,
    onlyFor,
    interactionId,
    more,
  }: {
    readonly author: string;
    readonly body: MessageBody;
    readonly onlyFor?: string;
    readonly interactionId?: string;
    readonly more?: TwinMessage["more"];
  },
  /** What a forum post begins with has the id of the post. */
  own: { readonly id?: string } = {},
): TwinMessage {
  const { content = "", components = [], embeds = [], files, nonce, replyTo } = body;
  const isBare = content.trim() === "" && embeds.length === 0 && files.length === 0;
  if (isBare && components.length === 0 && !more) throw refusals.empty();
  const now = state.clock.now();
  const known = nonce === undefined ? undefined : state.nonces.get(`${author}:${nonce}`);
  if (body.enforcesNonce && known && now - known.at < nonceMs) return known.message;
  const text = content + JSON.stringify(components);
  const replied = channel.messages.find(({ id }) => id === replyTo)?.authorId;
  const named = [
    ...new Set([
      ...mentionsIn(text),
      ...(replied !== undefined && body.callsReplied && replied !== author ? [replied] : []),
    ]),
  ];
  const kinds = body.calls ?? ["everyone", "roles", "users"];
  const message: TwinMessage = {
    id: own.id ?? state.nextId(),
    channelId: channel.id,
    authorId: author,
    content,
    components,
    embeds,
    flags: body.flags & (componentsV2 | 4),
    files: files.map((file) => ({ ...file, id: state.nextId() })),
    mentions: named,
    mentionRoles: Array.from(text.matchAll(/<@&(\d+)>/g), ([, id = ""]) => id),
    calls: [
      ...(kinds.includes("users") ? named : named.filter((id) => body.calledUsers.includes(id))),
      ...(kinds.includes("everyone") ? (text.match(/@(?:everyone|here)/g) ?? []) : []),
    ],
    ...(replyTo !== undefined && { replyTo }),
    ...(interactionId !== undefined && { interactionId }),
    ...(onlyFor !== undefined && { onlyFor }),
    ...(more && { more }),
    reactions: new Map(),
    earlier: [],
  };
  if (nonce !== undefined) state.nonces.set(`${author}:${nonce}`, { message, at: now });
  if (channel.thread) {
    const wasArchived = state.isArchived(channel.thread);
    channel.thread.archived = false;
    channel.thread.activeAt = now;
    if (wasArchived) events.threadUpdated(channel);
  }
  channel.messages.push(message);
  events.created(message);
  return message;
}

/** Whom a text names. */
export const mentionsIn = (text: string): readonly string[] => [
  ...new Set(Array.from(text.matchAll(/<@!?([^>&\s]+)>/g), ([, id = ""]) => id)),
];

/** Keeps what it was, before it is changed. */
export function beforeChange(message: TwinMessage, { clock }: DiscordState): void {
  const { id, content, components, editedAt = givenAt(id) } = message;
  message.earlier.push({ at: editedAt, content, components });
  message.editedAt = clock.now();
}

/** "The past few minutes." https://discord.com/developers/docs/resources/message#create-message */
const nonceMs = 5 * 60_000;

/** https://discord.com/developers/docs/reference#uploading-files */
export function fileLimits(state: DiscordState, guildId: string | undefined): FileLimits {
  const tier = guildId === undefined ? 0 : state.guildOf(guildId).premiumTier;
  const perFile = [10, 10, 50, 100][tier] ?? 10;
  return { perFile: perFile * 1024 ** 2, perRequest: Math.max(25, perFile) * 1024 ** 2 };
}
