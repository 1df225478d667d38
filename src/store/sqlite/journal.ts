import { z } from "zod";

import { RememberedCall } from "../../core/call-request.ts";
import type { Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { JournalEntry, parseStored } from "../../core/journal.ts";
import { Message } from "../../core/message.ts";
import type { Appended, Lease, Store } from "../store.ts";
import type { Database } from "./database.ts";
import type { Outbox } from "./outbox.ts";
import type { Spends } from "./spends.ts";

interface Options {
  readonly clock: Clock;
  readonly fence: (lease: Lease) => void;
  readonly outbox: Pick<Outbox, "put" | "claimNew">;
  /** Adds what was spent, within the running transaction. */
  readonly addSpends: Spends["add"];
}

/** What sessions did, and the messages that they have yet to read. */
export function journal(
  { run, get, all, transaction }: Database,
  { clock, fence, outbox, addSpends }: Options,
): Pick<Store, "append" | "readInbox" | "readJournal" | "remembered"> {
  return {
    async append(lease, { after, entries, ...along }) {
      const { sessionId } = lease;
      const { posts = [], claim, inboxThrough = 0 } = along;
      const { spends = [], remember = [], forget = [] } = along;
      const texts = entries.map((entry) => JSON.stringify(entry));
      const seq = after + texts.length;
      fence(lease);
      return transaction((): Appended => {
        const last = get(SeqRow, lastSql, { sessionId })?.seq ?? 0;
        if (last !== after) {
          if (isThere(sessionId, after, texts)) return { seq: last, unread: isUnread(sessionId) };
          throw conflict(sessionId, last, after);
        }
        for (const [index, text] of texts.entries()) {
          run(appendSql, { sessionId, seq: after + index + 1, text });
        }
        const isNew = posts.map((post) => outbox.put(sessionId, post));
        const [first] = posts;
        const claimed = claim && first && isNew[0] ? outbox.claimNew(first, claim) : undefined;
        addSpends(spends);
        if (inboxThrough > 0) run(readSql, { sessionId, inboxThrough });
        for (const call of remember) {
          const { approvalId } = call;
          run(rememberSql, { approvalId, sessionId: call.sessionId, call: JSON.stringify(call) });
        }
        for (const approvalId of forget) run(forgetSql, { approvalId });
        run(touchSql, { sessionId, seq, now: clock.now() });
        return { seq, unread: isUnread(sessionId), ...(claimed && { claim: claimed }) };
      });
    },

    async remembered() {
      return all(CallRow, rememberedSql).map(({ call }) =>
        parseStored(RememberedCall, call, "an approval for all sessions"),
      );
    },

    async readInbox(sessionId, { after }) {
      return all(TextRow, inboxSql, { sessionId, after }).map(({ seq, text }) => ({
        seq,
        message: parseStored(Message, text, `message ${seq} in the inbox of "${sessionId}"`),
      }));
    },

    async readJournal(sessionId, { after }) {
      return all(TextRow, journalSql, { sessionId, after }).map(({ seq, text }) => ({
        seq,
        entry: parseStored(JournalEntry, text, `entry ${seq} in the journal of "${sessionId}"`),
      }));
    },
  };

  function isUnread(sessionId: string): boolean {
    return get(SeqRow, unreadSql, { sessionId }) !== undefined;
  }

  /** Whether these entries follow `after` already: the writer repeats an append whose answer it missed. */
  function isThere(sessionId: string, after: number, texts: readonly string[]): boolean {
    if (texts.length === 0) return false;
    const stored = all(TextRow, journalSql, { sessionId, after });
    return texts.every((text, index) => text === stored[index]?.text);
  }
}

const SeqRow = z.object({ seq: z.number().int() });
const CallRow = z.object({ call: z.string() });
const TextRow = SeqRow.extend({ text: z.string() });

const lastSql = "SELECT journal_seq AS seq FROM sessions WHERE id = :sessionId";
const appendSql = "INSERT INTO journal (session_id, seq, entry) VALUES (:sessionId, :seq, :text)";
const readSql = "DELETE FROM inbox WHERE session_id = :sessionId AND seq <= :inboxThrough";
const unreadSql = "SELECT seq FROM inbox WHERE session_id = :sessionId LIMIT 1";
const rememberSql = `INSERT INTO remembered (approval_id, session_id, call)
  VALUES (:approvalId, :sessionId, :call) ON CONFLICT DO NOTHING`;
const forgetSql = "DELETE FROM remembered WHERE approval_id = :approvalId";
const rememberedSql = "SELECT call FROM remembered ORDER BY id";
const touchSql = "UPDATE sessions SET journal_seq = :seq, active_at = :now WHERE id = :sessionId";
const inboxSql = `SELECT seq, message AS text FROM inbox
  WHERE session_id = :sessionId AND seq > :after ORDER BY seq`;
const journalSql = `SELECT seq, entry AS text FROM journal
  WHERE session_id = :sessionId AND seq > :after ORDER BY seq`;

function conflict(sessionId: string, last: number, after: number): OpsthreadError {
  return new OpsthreadError(
    "STORE_FENCED",
    `Cannot append to the journal of "${sessionId}": its last sequence number is ${last}, expected ${after}`,
    { data: { sessionId, last, after } },
  );
}
