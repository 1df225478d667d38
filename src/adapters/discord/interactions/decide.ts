import { approvalOf } from "../buttons.ts";
import { threadAt } from "../channels.ts";
import { type Context, said } from "./context.ts";
import type { Interaction } from "./payload.ts";
import type { Reply } from "./reply.ts";

/** Ends what runs in the thread. */
export async function stop(
  interaction: Interaction,
  reply: Reply,
  { receiver }: Context,
): Promise<void> {
  const { channelId, facts } = interaction;
  if (facts.guildId !== undefined && !facts.isThread)
    return reply.whisper("Use this in the thread where something runs");
  const thread = threadAt({ channelId, messageId: channelId }, facts);
  const bringing = receiver.bring({
    ...said(interaction, thread),
    kind: "stop",
    text: "stop",
    attachments: [],
  });
  const received = await soon(bringing);
  if (received?.status === "denied") return reply.whisper(received.reason);
  return reply.whisper(received?.status === "ignored" ? "Nothing runs here" : "Stopping");
}

/** What was decided is shown by the engine's word, not by the press: it may have been decided already. */
export async function pressed(
  interaction: Interaction,
  customId: string,
  reply: Reply,
  { receiver }: Context,
): Promise<void> {
  const decision = approvalOf(customId);
  if (!decision) return reply.seen();
  const { channelId, facts, beneath = channelId } = interaction;
  const thread = threadAt({ channelId, messageId: beneath }, facts);
  const { choice, approvalId } = decision;
  const bringing = receiver.bring({
    ...said(interaction, thread),
    kind: "thread",
    text: choice === "deny" ? `deny ${approvalId}` : `approve ${approvalId} ${choice}`,
    decision,
    attachments: [],
  });
  if (!(await soon(bringing))) await reply.seen();
  const received = await bringing;
  if (received.status === "denied") return reply.whisper(received.reason);
  return reply.seen();
}

/** What came of it, if that is known early enough to tell with the acknowledgement. */
async function soon<T>(outcome: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), soonMs);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Half of the three seconds, so that a slow line has its own. */
const soonMs = 1500;
