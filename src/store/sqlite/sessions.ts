import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { sessionIdOf } from "../../core/ids.ts";
import { parseStored } from "../../core/journal.ts";
import { ThreadRefSchema } from "../../core/message.ts";
import type { Accepted, SessionInfo, Store } from "../store.ts";
import type { Database } from "./database.ts";

/** What is said to sessions, and which there are. */
export function sessions(
  { run, get, all, transaction }: Database,
  options: { readonly clock: Clock; readonly isLeased: (sessionId: string) => boolean },
): Pick<Store, "accept" | "revise" | "dirtySessions" | "sessions" | "session"> {
  const { clock, isLeased } = options;
  return {
    async accept(message, { opens }) {
      const sessionId = sessionIdOf(message.thread);
      const { platform, workspace } = message.thread;
      const id = { platform, workspace, messageId: message.id };
      const now = clock.now();
      return transaction((): Accepted => {
        const seen = get(SeenRow, seenSql, id);
        if (seen !== undefined) return { status: "duplicate", ...seen };
        if (opens) run(openSql, { sessionId, thread: JSON.stringify(message.thread), now });
        if (run(touchSql, { sessionId, now }) === 0) return { status: "no-session", sessionId };
        run(inboxSql, { sessionId, message: JSON.stringify(message) });
        run(acceptedSql, { ...id, sessionId, now });
        return { status: "accepted", sessionId };
      });
    },

    async revise({ id, thread, message }) {
      const sessionId = sessionIdOf(thread);
      const found = { sessionId, messageId: id };
      if (message === undefined) return run(takeOutSql, found) > 0;
      return run(replaceSql, { ...found, message: JSON.stringify(message) }) > 0;
    },

    async dirtySessions() {
      const rows = all(IdRow, dirtySql);
      return rows.map(({ id }) => id).filter((id) => !isLeased(id));
    },

    async sessions({ limit }) {
      const latest = `${infoSql} ORDER BY active_at DESC, rowid DESC LIMIT :limit`;
      return all(InfoRow, latest, { limit }).map(sessionInfo);
    },

    async session(sessionId) {
      const row = get(InfoRow, `${infoSql} WHERE id = :sessionId`, { sessionId });
      return row === undefined ? undefined : sessionInfo(row);
    },
  };
}

const seenSql = `SELECT session_id AS sessionId FROM accepted
  WHERE platform = :platform AND workspace = :workspace AND message_id = :messageId`;
const openSql = `INSERT INTO sessions (id, thread, created_at, active_at)
  VALUES (:sessionId, :thread, :now, :now) ON CONFLICT DO NOTHING`;
const touchSql = `UPDATE sessions SET inbox_seq = inbox_seq + 1, active_at = :now,
  dirty_since = coalesce(dirty_since, :now) WHERE id = :sessionId`;
const inboxSql = `INSERT INTO inbox (session_id, seq, message)
  SELECT id, inbox_seq, :message FROM sessions WHERE id = :sessionId`;
const acceptedSql = `INSERT INTO accepted (platform, workspace, message_id, session_id, accepted_at)
  VALUES (:platform, :workspace, :messageId, :sessionId, :now)`;

const takeOutSql = `DELETE FROM inbox
  WHERE session_id = :sessionId AND message ->> '$.id' = :messageId`;
const replaceSql = `UPDATE inbox SET message = :message
  WHERE session_id = :sessionId AND message ->> '$.id' = :messageId`;

const dirtySql = `SELECT id FROM sessions WHERE dirty_since IS NOT NULL
  ORDER BY dirty_since, rowid`;
const infoSql = `SELECT id AS sessionId, thread, created_at AS createdAt, active_at AS activeAt,
  dirty_since IS NOT NULL AS dirty,
  (SELECT count(*) FROM inbox WHERE session_id = id) AS unread FROM sessions`;

const SeenRow = z.object({ sessionId: z.string() });
const IdRow = z.object({ id: z.string() });
const InfoRow = z.object({
  sessionId: z.string(),
  thread: z.string(),
  createdAt: z.number(),
  activeAt: z.number(),
  dirty: z.number(),
  unread: z.number(),
});

function sessionInfo(row: z.infer<typeof InfoRow>): SessionInfo {
  const thread = parseStored(ThreadRefSchema, row.thread, `the thread of "${row.sessionId}"`);
  return { ...row, thread, dirty: row.dirty === 1 };
}
