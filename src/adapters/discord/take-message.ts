import type { ThreadRef } from "../../core/ids.ts";
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
  const { api, receiver, places, teller, trouble, channels, clock, signal } = options;
  /** What was brought already: what is read again of a channel is not brought again. */
  const brought = remembering<Received["status"]>(maxBrought);

  /** What is said in a channel without naming the bot is for nobody here. */
  const placed = async (posted: Posted): Promise<Pick<Message, "thread" | "kind"> | undefined> => {
    const { channelId, id, guildId, isMention } = posted;
    const facts = await factsOf(posted, channels, signal);
    if (!facts || (guildId !== undefined && !facts.isThread && !isMention)) return undefined;
    const thread = threadAt({ channelId, messageId: id }, facts);
    return { thread, kind: kindOf(posted, thread) };
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
    if (where.thread.thread === id && !hasThread) places.begins(where.thread, posted.message.text);
    const actor = isMissed ? await withRoles(posted) : posted.message.actor;
    const message = { ...posted.message, actor, ...where };
    trouble.asked(where.thread, actor.id);
    const received = await receiver.bring(message);
    brought.set(id, received.status);
    if (received.status !== "denied" || isMissed) return;
    teller.tell({ user: actor.id, reason: received.reason, channelId, messageId: id });
  };
  /** Edited to name the bot, and not brought before: then it is said to the bot now, once. */
  const isNewlyMeant = ({ id, isMention, message }: Posted): boolean => {
    const status = brought.get(id);
    const isKnown = status === "accepted" || status === "duplicate";
    return isMention && !isKnown && clock.now() - message.sentAt < maxEditMs;
  };
  return {
    written,

    async changed(posted) {
      const { id, channelId, message } = posted;
      const facts = await factsOf(posted, channels, signal);
      if (!facts) return;
      const thread = threadAt({ channelId, messageId: id }, facts);
      const now = { ...message, thread, kind: kindOf(posted, thread) };
      const revised = await receiver.revise({ id: message.id, thread, message: now });
      if (revised.status === "ignored" && isNewlyMeant(posted))
        await written(posted, { isMissed: false });
    },

    async deleted({ id, channelId, guildId }) {
      const facts = await factsOf({ channelId, guildId }, channels, signal);
      if (!facts) return;
      const thread = threadAt({ channelId, messageId: id }, facts);
      await receiver.revise({ id: messageId(channelId, id), thread, message: undefined });
    },
  };
}

const maxBrought = 10_000;
/** Who mends an older message has had the answer, or none is waited for. */
const maxEditMs = 24 * 3_600_000;

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
