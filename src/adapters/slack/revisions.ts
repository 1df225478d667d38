import { z } from "zod";

import type { Revision } from "../adapter.ts";
import { postedEvent, ts } from "./events.ts";
import type { Handler } from "./handle-event.ts";
import type { Identity } from "./identity.ts";
import type { Reception } from "./reception.ts";
import { eventOf } from "./said.ts";

/** Edits and deletions. Whoever may not use the bot was told so when it was said. */
export function revisionHandler(reception: Reception): Handler {
  return (body, { identity }) => {
    const revision = revisionOf(eventOf(body), identity);
    return (
      revision &&
      reception.inOrder(revision.thread, async () => {
        await reception.inbound.revise(revision);
        return undefined;
      })
    );
  };
}

/**
 * Reads what a message was changed to. Slack tells as a change also that a link was unfurled, or that something was said
 * beneath: the text is the same then.
 */
export function revisionOf(event: unknown, identity: Identity): Revision | undefined {
  const parsed = Changed.safeParse(event);
  if (!parsed.success) return undefined;
  const { channel, channel_type, subtype, previous_message: before } = parsed.data;
  const thread = {
    platform: "slack",
    workspace: identity.teamId,
    channel,
    thread: before.thread_ts ?? before.ts,
  };
  const id = `${channel}:${before.ts}`;
  // What was said beneath stays, and what it stood for says so.
  const now = subtype === "message_changed" ? parsed.data.message : undefined;
  if (subtype === "message_deleted" || now?.subtype === "tombstone")
    return { id, thread, message: undefined };
  if (!now || (now.text === before.text && filesOf(now) === filesOf(before))) return undefined;
  const read = postedEvent(
    {
      ...now,
      type: "message",
      channel,
      channel_type,
      thread_ts: now.thread_ts ?? before.thread_ts,
    },
    identity,
    { isOfThread: true },
  );
  return read && { id, thread, message: read.message };
}

const filesOf = ({ files }: { readonly files?: readonly { readonly id: string }[] | undefined }) =>
  (files ?? []).map(({ id }) => id).join();

const Told = z.looseObject({
  ts,
  thread_ts: ts.optional(),
  text: z.string().default(""),
  subtype: z.string().optional(),
  files: z.array(z.looseObject({ id: z.string() })).optional(),
});
const place = {
  type: z.literal("message"),
  channel: z.string().min(1),
  channel_type: z.string().optional(),
  previous_message: Told,
};

const Changed = z.discriminatedUnion("subtype", [
  z.object({ ...place, subtype: z.literal("message_changed"), message: Told }),
  z.object({ ...place, subtype: z.literal("message_deleted") }),
]);
