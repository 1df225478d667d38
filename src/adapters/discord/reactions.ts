import { z } from "zod";

import type { Message } from "../../core/message.ts";
import type { EmojiMeaning } from "../text/control-emoji.ts";
import { approvalOf } from "./buttons.ts";
import { type Channels, threadAt } from "./channels.ts";
import { emojiKey } from "./emoji.ts";
import type { EventOptions } from "./event-options.ts";
import { answered, Author, Member, Replied } from "./messages.ts";
import { patiently } from "./patiently.ts";
import { snowflake } from "./snowflake.ts";

/** A sign that somebody put on a message. */
export interface Reaction {
  readonly user: string;
  readonly roles: readonly string[];
  readonly channelId: string;
  readonly messageId: string;
  readonly guildId: string | undefined;
  readonly isOnBots: boolean;
  readonly means: EmojiMeaning;
}

/** Reads a reaction; undefined for signs that mean nothing here, and those of bots. */
export function reactionOf(
  event: unknown,
  {
    botUserId,
    meanings,
  }: { readonly botUserId: string; readonly meanings: ReadonlyMap<string, EmojiMeaning> },
): Reaction | undefined {
  const parsed = Given.safeParse(event);
  if (!parsed.success) return undefined;
  const { user_id, member, emoji, ...rest } = parsed.data;
  const means = meanings.get(emojiKey(emoji));
  if (!means || user_id === botUserId || member?.user?.bot) return undefined;
  return {
    user: user_id,
    roles: member?.roles ?? [],
    channelId: rest.channel_id,
    messageId: rest.message_id,
    guildId: rest.guild_id,
    isOnBots: rest.message_author_id === undefined || rest.message_author_id === botUserId,
    means,
  };
}

/** Does what the sign means: the same gate as for words and buttons. */
export async function takeReaction(
  reaction: Reaction,
  {
    api,
    receiver,
    cards,
    teller,
    channels,
    identity,
    clock,
    signal,
  }: EventOptions & { readonly channels: Channels },
): Promise<void> {
  const { user, roles, channelId, messageId, guildId, means } = reaction;
  const facts =
    guildId === undefined
      ? { isThread: false, parentId: undefined, guildId }
      : await channels.facts(channelId, { signal });
  if (!facts) return;
  const read = once(() =>
    patiently(() => api.call("GET", `/channels/${channelId}/messages/${messageId}`, { signal }), {
      clock,
      signal,
    }),
  );
  // Where no threads are, the bot's own message is beneath the one that its thread is known by.
  const isBeneath = guildId !== undefined && !facts.isThread && reaction.isOnBots;
  const began = isBeneath ? answered(Replied.parse(await read()), identity.userId) : undefined;
  const thread = threadAt({ channelId, messageId: began ?? messageId }, facts);
  const now = clock.now();
  const base = {
    id: `reaction:${messageId}:${user}:${means}:${now}`,
    thread,
    actor: { id: user, roles },
    attachments: [],
    sentAt: now,
  };
  const message: Message | undefined =
    means === "stop" ? { ...base, kind: "stop", text: "stop" } : await decision();
  if (!message) return;
  const received = await receiver.bring(message);
  if (received.status === "denied")
    teller.tell({ user, reason: received.reason, channelId, messageId });

  async function decision(): Promise<Message | undefined> {
    if (!reaction.isOnBots || means === "stop") return undefined;
    const approvalId = cards.approvalOf(messageId) ?? approvalIn(await read());
    if (approvalId === undefined) return undefined;
    const choice = means === "deny" ? "deny" : "once";
    const text = means === "deny" ? `deny ${approvalId}` : `approve ${approvalId} once`;
    return { ...base, kind: "thread", text, decision: { approvalId, choice } };
  }
}

/** Makes a call when its answer is wanted, and no second time. */
function once<T>(call: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= call());
}

/** The question that a message still asks: one that this process did not post itself. */
function approvalIn(message: unknown): string | undefined {
  const { components } = z.object({ components: z.array(z.unknown()).default([]) }).parse(message);
  return customIds(components).flatMap((id) => approvalOf(id)?.approvalId ?? [])[0];
}

function customIds(components: readonly unknown[]): readonly string[] {
  return components.flatMap((each) => {
    const { custom_id, components: inner } = Component.parse(each);
    return [...(custom_id === undefined ? [] : [custom_id]), ...customIds(inner)];
  });
}

const Component = z.object({
  custom_id: z.string().optional(),
  components: z.array(z.unknown()).default([]),
});

const Given = z.object({
  user_id: z.string().min(1),
  channel_id: snowflake,
  message_id: snowflake,
  guild_id: z.string().optional(),
  message_author_id: z.string().optional(),
  member: Member.extend({ user: Author.optional() }).optional(),
  emoji: z.object({ id: z.string().nullish(), name: z.string().nullish() }),
});
