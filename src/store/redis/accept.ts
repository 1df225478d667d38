import { z } from "zod";

import { sessionIdOf } from "../../core/ids.ts";
import { parseStored } from "../../core/journal.ts";
import { Message } from "../../core/message.ts";
import type { Accepted, Store } from "../store.ts";
import type { Context } from "./context.ts";
import type { Dirty } from "./dirty.ts";

/**
 * A message is noted by its id, with its text, before it is in an inbox, and only its session's id is kept of the note
 * afterwards. So whoever finds an unfinished note, which a crash left, finishes it. The session knows the ids of its messages
 * as well, and takes none twice.
 */
export function accept({ client, run, keys, time }: Context, dirty: Dirty): Store["accept"] {
  return async (message, { opens }) => {
    const sessionId = sessionIdOf(message.thread);
    const { platform, workspace } = message.thread;
    const key = keys.accepted({ platform, workspace, id: message.id });
    if (!opens && (await client.exists(keys.session(sessionId).info)) === 0) {
      const note = noteOf(await client.get(key));
      return note?.acceptedBy === undefined
        ? { status: "no-session", sessionId }
        : { status: "duplicate", sessionId: note.acceptedBy };
    }
    const text = JSON.stringify({ message, opens });
    const [noted, mark] = await Promise.all([
      run("reserve", z.string().nullable(), { keys: [key], args: [text, keptSeconds] }),
      dirty.mark(sessionId),
    ]);
    const older = noteOf(noted);
    if (older?.acceptedBy !== undefined)
      return { status: "duplicate", sessionId: older.acceptedBy };
    const first = older?.message ?? message;
    const own = sessionIdOf(first.thread);
    const status = await put(own, first, {
      opens: (older?.opens ?? opens) || (own === sessionId && opens),
      ...(own === sessionId && { mark }),
    });
    if (status === "no-session") await client.del(key);
    else await client.set(key, JSON.stringify({ acceptedBy: own }), "EX", keptSeconds);
    if (own === sessionId) return { status, sessionId };
    return { status: status === "no-session" ? status : "duplicate", sessionId: own };
  };

  async function put(
    sessionId: string,
    message: Message,
    { opens, mark: first }: { readonly opens: boolean; readonly mark?: number },
  ): Promise<Accepted["status"]> {
    const { info, inbox, ids, fence } = keys.session(sessionId);
    for (let mark = first; ; mark = undefined) {
      mark ??= await dirty.mark(sessionId);
      const text = JSON.stringify(message);
      const thread = JSON.stringify(message.thread);
      const status = await run("accept", Status, {
        keys: [info, inbox, ids, fence],
        args: [time(), message.id, text, thread, mark, opens ? 1 : 0],
      });
      if (status !== "stale") return status;
    }
  }
}

const Status = z.enum(["accepted", "duplicate", "no-session", "stale"]);

/** Longer than platforms repeat a delivery. */
const keptSeconds = 7 * 24 * 60 * 60;

const Note = z.object({
  acceptedBy: z.string().optional(),
  message: Message.optional(),
  opens: z.boolean().optional(),
});

const noteOf = (text: string | null): z.infer<typeof Note> | undefined =>
  text === null ? undefined : parseStored(Note, text, "the note of a message");
