import { z } from "zod";

import { isOpsthreadError, OpsthreadError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import type { EmojiMeaning } from "../text/control-emoji.ts";
import { inTime } from "./asking/in-time.ts";
import { emojiName } from "./emoji.ts";
import type { Handler } from "./handle-event.ts";
import type { Identity } from "./identity.ts";
import { mentions } from "./incoming-text.ts";
import { approvalOf } from "./press.ts";
import type { Reception } from "./reception.ts";
import { eventOf } from "./said.ts";
import type { SlackWorkspace } from "./workspaces.ts";

/**
 * Emoji beneath messages say what words and buttons do: 🛑 beneath the bot's message, what was said to it or one's own
 * ends what runs; ✅ and ❌ beneath an approval decide on it. The same gate judges them.
 */
export function reactionHandler(
  reception: Reception,
  { meanings }: { readonly meanings: ReadonlyMap<string, EmojiMeaning> },
): Handler {
  const react = async (event: Reaction, workspace: SlackWorkspace): Promise<undefined> => {
    const { teamId } = workspace.identity;
    const { channel } = event.item;
    const actor = { id: event.user, roles: [] };
    const place = { platform: "slack", workspace: teamId, channel };
    // Before Slack is asked: anybody may react to anything. Approvers need not be users.
    if (event.meaning === "stop" && !reception.inbound.check({ actor, thread: place }).allowed)
      return undefined;
    const looked = await inTime(look(event.item, workspace, reception.signal), reception);
    if (!looked)
      throw new OpsthreadError("ADAPTER_UNAVAILABLE", "Cannot read a message of Slack in time");
    const message = looked.result && saidBy(event, looked.result, workspace.identity);
    if (message) await reception.receive(message, workspace);
    return undefined;
  };
  return (body, workspace) => {
    const parsed = Added.safeParse(eventOf(body));
    // Slack does not say of which workspace somebody is who reacts in a channel that is shared with others.
    if (isShared(body)) return undefined;
    if (!parsed.success) return undefined;
    const meaning = meanings.get(emojiName(parsed.data.reaction));
    const { userId } = workspace.identity;
    if (meaning === undefined || parsed.data.user === userId) return undefined;
    // ✅ is a common one, and Slack answers only so many questions: approvals are the bot's own messages.
    if (meaning !== "stop" && parsed.data.item_user !== userId) return undefined;
    return react({ ...parsed.data, meaning }, workspace);
  };
}

const isShared = (body: unknown): boolean =>
  z.object({ is_ext_shared_channel: z.literal(true) }).safeParse(body).success;

/** What a reaction says; undefined where it is only a reaction. */
function saidBy(
  { user, reaction, meaning, event_ts, item }: Reaction,
  { bot_id, user: author, text, thread_ts, blocks }: z.infer<typeof Reacted>,
  { teamId, userId, botId }: Identity,
): Message | undefined {
  const isBots = bot_id === botId;
  const said: Omit<Message, "kind" | "text"> = {
    id: `reaction:${item.channel}:${item.ts}:${user}:${reaction}:${event_ts}`,
    thread: {
      platform: "slack",
      workspace: teamId,
      channel: item.channel,
      thread: thread_ts ?? item.ts,
    },
    actor: { id: user, roles: [] },
    attachments: [],
    sentAt: Number(event_ts) * 1000,
  };
  if (meaning === "stop")
    return isBots || author === user || mentions(text, userId)
      ? { ...said, kind: "stop", text: "stop" }
      : undefined;
  const approvalId = isBots ? approvalOf(blocks) : undefined;
  if (approvalId === undefined) return undefined;
  const choice = meaning === "approve" ? "once" : "deny";
  const words = choice === "once" ? `approve ${approvalId} once` : `deny ${approvalId}`;
  return { ...said, kind: "thread", text: words, decision: { approvalId, choice } };
}

/** The event does not say what was said, nor in which thread. */
async function look(
  { channel, ts }: { readonly channel: string; readonly ts: string },
  { api }: SlackWorkspace,
  signal: AbortSignal,
): Promise<z.infer<typeof Reacted> | undefined> {
  const page = { channel, ts, oldest: ts, latest: ts, inclusive: true, limit: 1 };
  const answer = await api
    .call("conversations.replies", page, { signal, waitMs: 1000 })
    .catch((error: unknown) => {
      // It is gone, and telling the reaction again would not bring it back.
      if (isOpsthreadError(error, "ADAPTER_POST_REJECTED")) return { messages: [] };
      throw error;
    });
  return Replies.parse(answer).messages.find((message) => message.ts === ts);
}

type Reaction = z.infer<typeof Added> & { readonly meaning: EmojiMeaning };

const Added = z.object({
  type: z.literal("reaction_added"),
  user: z.string().min(1),
  reaction: z.string(),
  item_user: z.string().optional(),
  event_ts: z.string().regex(/^\d{1,12}\.\d{1,9}$/),
  item: z.object({
    type: z.literal("message"),
    channel: z.string().min(1),
    ts: z.string().min(1),
  }),
});

const Reacted = z.object({
  ts: z.string(),
  thread_ts: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  text: z.string().default(""),
  blocks: z.array(z.unknown()).default([]),
});
const Replies = z.object({ messages: z.array(Reacted) });
