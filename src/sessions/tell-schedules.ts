import type { AuditEvent } from "../core/audit.ts";
import { isOpsthreadError } from "../core/errors.ts";
import type { GrantWord, ScheduleChange } from "../core/grant-words.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import type { Gate } from "./accept.ts";

/**
 * What is said of the schedules of a thread's channel, after a change of one of them where there is to be one. The same change
 * at the same time may be made again, and counts once.
 * @throws {OpsthreadError} `CONFIG_INVALID` for a change that can't be made
 */
export type TellSchedules = (
  thread: ThreadRef,
  change?: ScheduleChange & { readonly at: number },
) => Promise<string>;

/** Does what somebody said of schedules, if that person may, and tells what came of it. */
export async function tellSchedules(
  thread: ThreadRef,
  {
    word: { change },
    message: { actor, sentAt },
  }: {
    readonly word: Extract<GrantWord, { type: "schedules" }>;
    readonly message: Message;
  },
  { gate, schedules }: { readonly gate: Gate; readonly schedules?: TellSchedules },
): Promise<{ readonly reply: string; readonly audit?: AuditEvent } | undefined> {
  if (!schedules) return undefined;
  if (!change) return { reply: await schedules(thread) };
  const verdict = gate.check({ actor, thread, action: "approve" });
  if (!verdict.allowed) return { reply: `${verdict.reason}.` };
  const { action, id } = change;
  try {
    const reply = await schedules(thread, { ...change, at: sentAt });
    return { reply, audit: { event: "schedule-changed", schedule: id, action, actor: actor.id } };
  } catch (error) {
    if (isOpsthreadError(error, "CONFIG_INVALID")) return { reply: `${error.message}.` };
    throw error;
  }
}
