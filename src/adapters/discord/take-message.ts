import { threadId, type ThreadRef } from "../../core/ids.ts";
import type { Actor, Message } from "../../core/message.ts";
import type { Received } from "../adapter.ts";
import { type ChannelFacts, type Channels, directWorkspace, threadAt } from "./channels.ts";
import type { EventOptions } from "./event-options.ts";
import { isStop, Member, messageId, type Posted } from "./messages.ts";
import { patiently } from "./patiently.ts";
import { remembering } from "./remembering.ts";

/** Brings what people write to the bot, where it is for it. */
export interface TakeMessage {
  /** `isMissed`: it was read later, and not told. */
  written(posted: Posted, options: { readonly isMissed: boolean }): Promise<void>;
  /** It was changed before or after a turn has read it, or names the bot only now. */
  changed(posted: Posted): Promise<void>;
  deleted(message: Deleted): Promise<void>;
}

export interface Deleted {
  readonly id: string;
  readonly channelId: string;
  readonly guildId: string | undefined;
}

export function takeMessages(options: EventOptions & { readonly channels: Channels }): TakeMessage {
  const { api, inbound, receiver, places, teller, trouble, channels, clock, signal } = options;
  /** What was brought already, and into which thread: what is read again of a channel is not brought again. */
  const brought = remembering<{ readonly status: Received["status"]; readonly thread: ThreadRef }>(
    maxBrought,
  );
  const begun = remembering<number>(maxBegun);

  /** What is said in a channel without naming the bot is for nobody here. */
  const placed = async (posted: Posted): Promise<Pick<Message, "thread" | "kind"> | undefined> => {
    const { guildId, isMention, answers } = posted;
    const facts = await factsOf(posted, channels, signal);
    if (!facts) return undefined;
    const isMeant = isMention || answers !== undefined || facts.isThread || guildId === undefined;
    return isMeant ? placeOf(posted, facts) : undefined;
  };
  /** What is read of a channel does not say who is what in the guild; what Discord tells does. */
  const withRoles = async ({ guildId, message: { actor } }: Posted): Promise<Actor> => {
    if (guildId === undefined) return actor;
    const answer = await patiently(
      () => api.call("GET", `/guilds/${guildId}/members/${actor.id}`, { signal }),
      { clock, signal },
    ).catch(() => undefined); // Gone from the guild: somebody without roles.
    return { ...actor, roles: Member.safeParse(answer).data?.roles ?? [] };
  };
  const written: TakeMessage["written"] = async (posted, { isMissed }) => {
    const { id, channelId, hasThread } = posted;
    if (isMissed && brought.get(id)) return;
    const where = await placed(posted);
    if (!where) return;
    if (posted.isUnreadable) return tellUnread(posted, where.thread);
    // The first message of a forum post has the id of its thread, which is there.
    const beginsThread = where.thread.thread === id && channelId !== id && !hasThread;
    if (beginsThread) places.begins(where.thread, posted.message.text);
    if (isMissed && (await isFromBefore(where, posted))) return;
    const actor = isMissed ? await withRoles(posted) : posted.message.actor;
    const message = { ...posted.message, actor, ...where };
    trouble.asked(where.thread, actor.id);
    const received = await receiver.bring(message);
    brought.set(id, { status: received.status, thread: where.thread });
    if (received.status !== "denied" || isMissed) return;
    teller.tell({ user: actor.id, reason: received.reason, channelId, messageId: id });
  };
  /** Talk among people, in a thread that the bot was named in only later. */
  const isFromBefore = async (
    { thread, kind }: Pick<Message, "thread" | "kind">,
    { message }: Posted,
  ): Promise<boolean> => {
    if (kind !== "thread" && kind !== "stop") return false;
    const id = threadId(thread);
    const begunAt = begun.get(id) ?? (await inbound.begunAt?.(thread));
    if (begunAt === undefined) return false;
    begun.set(id, begunAt);
    return message.sentAt < begunAt;
  };
  /** Of a message that only names the bot's role nothing is shown. */
  const tellUnread = ({ id, channelId, message: { actor } }: Posted, thread: ThreadRef): void => {
    if (!inbound.check({ actor, thread }).allowed) return;
    teller.tell({ user: actor.id, reason: unread, channelId, messageId: id });
  };
  /** Edited to name the bot, and not brought before: then it is said to the bot now, once. */
  const isNewlyMeant = ({ id, isMention, message }: Posted): boolean => {
    const status = brought.get(id)?.status;
    const isKnown = status === "accepted" || status === "duplicate";
    return isMention && !isKnown && clock.now() - message.sentAt < maxEditMs;
  };
  return {
    written,

    async changed(posted) {
      const { id, message } = posted;
      const facts = await factsOf(posted, channels, signal);
      if (!facts) return;
      const where = placeOf(posted, facts);
      const thread = brought.get(id)?.thread ?? where.thread;
      const now = { ...message, ...where, thread };
      const revised = await receiver.revise({ id: message.id, thread, message: now });
      if (revised.status === "ignored" && isNewlyMeant(posted))
        await written(posted, { isMissed: false });
    },

    async deleted({ id, channelId, guildId }) {
      const facts = await factsOf({ channelId, guildId }, channels, signal);
      if (!facts) return;
      const thread = brought.get(id)?.thread ?? threadAt({ channelId, messageId: id }, facts);
      await receiver.revise({ id: messageId(channelId, id), thread, message: undefined });
    },
  };
}

const unread =
  "I can't read messages that name my role: name me, or reply to me. The Message Content Intent, which would show me more, is off";
const maxBrought = 10_000;
const maxBegun = 1000;
/** Who mends an older message has had the answer, or none is waited for. */
const maxEditMs = 24 * 3_600_000;

/** What is replied to the bot goes on where that was said, in a channel, too: not everywhere are threads. */
function placeOf(posted: Posted, facts: ChannelFacts): Pick<Message, "thread" | "kind"> {
  const { channelId, id, answers = id } = posted;
  const thread = threadAt({ channelId, messageId: answers }, facts);
  return { thread, kind: kindOf(posted, thread) };
}

function kindOf({ isMention, message }: Posted, thread: ThreadRef): Message["kind"] {
  if (isStop(message.text)) return "stop";
  return thread.workspace === directWorkspace ? "direct" : isMention ? "mention" : "thread";
}

async function factsOf(
  { channelId, guildId }: Pick<Posted, "channelId" | "guildId">,
  channels: Channels,
  signal: AbortSignal,
): Promise<ChannelFacts | undefined> {
  return guildId === undefined
    ? { isThread: false, parentId: undefined, guildId }
    : channels.facts(channelId, { signal });
}
