import { Stopped } from "../core/abort.ts";
import { messageOf } from "../core/errors.ts";
import { grantWordOf } from "../core/grant-words.ts";
import type { Session } from "./session.ts";
import type { TurnOptions } from "./turn.ts";

/** Looks whether something in the inbox ends the running turn. The inbox decides, not the signal that it came. */
export interface InboxWatch {
  look(): Promise<void>;
  unwatch(): void;
}

export function watchInbox(
  session: Session,
  { store, control, mode, log }: TurnOptions,
  ending: AbortController,
): InboxWatch {
  const interrupts = mode(session.thread) === "interrupt";
  const look = async (): Promise<void> => {
    if (!session.unread) return;
    const unread = await store.readInbox(session.id, { after: 0 });
    if (unread.some(({ message }) => message.kind === "stop")) ending.abort(new Stopped("stop"));
    // Before the turn has read its own messages, newer ones are simply read with them.
    const begun = (session.open?.messages ?? 0) > 0;
    // Words about grants are for the harness, and can wait for the turn to end.
    const isNew = unread.some(({ message }) => !grantWordOf(message));
    if (interrupts && begun && isNew) ending.abort(new Stopped("interrupt"));
  };
  const unwatch = control.watch(session.id, () => {
    session.notice();
    look().catch((error: unknown) => {
      log.error({ sessionId: session.id, error: messageOf(error) }, "The inbox could not be read");
    });
  });
  return { look, unwatch };
}
