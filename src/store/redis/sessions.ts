import { z } from "zod";

import { parseStored } from "../../core/journal.ts";
import { ThreadRefSchema } from "../../core/message.ts";
import type { SessionInfo, Store } from "../store.ts";
import { type Context, inLots } from "./context.ts";
import type { Dirty } from "./dirty.ts";

/** Which sessions there are. */
export function sessions(
  { client, run, keys, time }: Context,
  dirty: Dirty,
): Pick<Store, "dirtySessions" | "sessions" | "session"> {
  const look = async (sessionId: string): Promise<Seen | undefined> => {
    const { info, inbox } = keys.session(sessionId);
    const found = await run("look", Look, { keys: [info, inbox], args: [time()] });
    if (found.length === 0) return undefined;
    const [thread, createdAt, activeAt, dirtySince, unread, isLeased] = found;
    return {
      sessionId,
      thread: parseStored(ThreadRefSchema, thread, `the thread of "${sessionId}"`),
      createdAt: Number(createdAt),
      activeAt: Number(activeAt),
      unread,
      ...(dirtySince !== "" && { dirtySince: Number(dirtySince) }),
      isLeased: isLeased === 1,
    };
  };

  return {
    async dirtySessions() {
      const listed = await dirty.list();
      const seen = await inLots(listed, async (entry) => {
        const session = await look(entry.sessionId);
        if (session?.dirtySince === undefined) await dirty.tidy(entry);
        return { ...entry, since: session?.dirtySince, isLeased: session?.isLeased };
      });
      return seen
        .flatMap(({ sessionId, mark, since, isLeased }) =>
          since === undefined || isLeased === true ? [] : { sessionId, since, mark: Number(mark) },
        )
        .toSorted((a, b) => a.since - b.since || a.mark - b.mark)
        .map(({ sessionId }) => sessionId);
    },

    async sessions({ limit }) {
      const ids = await client.zrevrange(keys.shared.active, 0, limit - 1);
      const found = await inLots(ids, look);
      return found
        .flatMap((session) => session ?? [])
        .toSorted((a, b) => b.activeAt - a.activeAt)
        .map(infoOf);
    },

    async session(sessionId) {
      const found = await look(sessionId);
      return found && infoOf(found);
    },
  };
}

interface Seen extends Omit<SessionInfo, "dirty"> {
  readonly dirtySince?: number;
  readonly isLeased: boolean;
}

function infoOf({ sessionId, thread, createdAt, activeAt, dirtySince, unread }: Seen): SessionInfo {
  return { sessionId, thread, createdAt, activeAt, dirty: dirtySince !== undefined, unread };
}

const Look = z.union([
  z.tuple([]),
  z.tuple([z.string(), z.string(), z.string(), z.string(), z.number(), z.number()]),
]);
