import { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";
import { sessionIdOf } from "../../core/ids.ts";
import { JournalEntry, parseStored } from "../../core/journal.ts";
import { Message } from "../../core/message.ts";
import { claimToken } from "../claim-token.ts";
import type { Lease, Store } from "../store.ts";
import type { Context } from "./context.ts";
import type { Effects } from "./effects.ts";
import type { Outbox } from "./outbox.ts";

/** What sessions did, and the messages that they have yet to read. */
export function journal(
  { client, run, keys, time }: Context,
  { effects, outbox }: { readonly effects: Effects; readonly outbox: Outbox },
): Pick<Store, "append" | "revise" | "readInbox" | "readJournal"> {
  return {
    async append(lease, append) {
      const { sessionId, epoch } = lease;
      const { after, entries, posts = [], claim, inboxThrough = 0 } = append;
      const of = keys.session(sessionId);
      const brought = effects.of(append, { epoch, seq: after + entries.length });
      const [first] = posts;
      const isApplied = !effects.pending.has(sessionId);
      if (brought) effects.pending.add(sessionId);
      const token = first && claim ? claimToken(claim.holder) : "";
      const [result, seq, version, dueAt, left, unread, claimed] = await run("append", Written, {
        keys: [of.info, of.inbox, of.journal, of.posts, of.postKeys, of.outcomes, of.effects],
        args: [
          time(),
          epoch,
          after,
          inboxThrough,
          brought?.text ?? "",
          isApplied ? 1 : 0,
          token,
          claim?.ttlMs ?? "",
          entries.length,
          ...entries.map((entry) => JSON.stringify(entry)),
          ...posts.flatMap((post) => [post.key, JSON.stringify(post)]),
        ],
      });
      if (result === "fenced") throw fenced(lease);
      if (result === "conflict") throw conflict(sessionId, { last: seq, after });
      const next = posts.length > 0 ? { version, dueAt } : undefined;
      // What follows is finished by the next lease, if not here.
      if (brought && left === 1) await effects.applyLast(sessionId, brought.effect, next);
      else {
        if (left > 0) await effects.apply(sessionId);
        if (next) await outbox.schedule(sessionId, next);
      }
      return {
        seq,
        unread: unread === 1,
        ...(first &&
          claimed === 1 && { claim: { post: first, attempt: 1, ambiguous: false, token } }),
      };
    },

    async revise({ id, thread, message }) {
      const { inbox } = keys.session(sessionIdOf(thread));
      const text = message ? JSON.stringify(message) : "";
      return (await run("revise", z.number(), { keys: [inbox], args: [id, text] })) === 1;
    },

    async readInbox(sessionId, { after }) {
      const { info, inbox } = keys.session(sessionId);
      const [before, texts] = await run("read-inbox", Inbox, {
        keys: [info, inbox],
        args: [after],
      });
      return texts.flatMap((text, index) => {
        if (text === "") return []; // It was taken out.
        const seq = before + index + 1;
        const what = `message ${seq} in the inbox of "${sessionId}"`;
        return { seq, message: parseStored(Message, text, what) };
      });
    },

    async readJournal(sessionId, { after }) {
      const texts = await client.lrange(keys.session(sessionId).journal, after, -1);
      return texts.map((text, index) => {
        const seq = after + index + 1;
        const what = `entry ${seq} in the journal of "${sessionId}"`;
        return { seq, entry: parseStored(JournalEntry, text, what) };
      });
    },
  };
}

const Written = z.union([
  z.tuple([
    z.enum(["written", "repeated"]),
    z.number(),
    z.string(),
    z.string(),
    z.number(),
    z.number(),
    z.number(),
  ]),
  z.tuple([z.literal("conflict"), z.number()]),
  z.tuple([z.literal("fenced")]),
]);
const Inbox = z.tuple([z.number(), z.array(z.string())]);

function fenced({ sessionId, epoch }: Lease): OpsthreadError {
  return new OpsthreadError(
    "STORE_FENCED",
    `Cannot write to session "${sessionId}": the lease of epoch ${epoch} is over, expected the current one`,
    { data: { sessionId, epoch } },
  );
}

function conflict(
  sessionId: string,
  { last, after }: { readonly last: number; readonly after: number },
): OpsthreadError {
  return new OpsthreadError(
    "STORE_FENCED",
    `Cannot append to the journal of "${sessionId}": its last sequence number is ${last}, expected ${after}`,
    { data: { sessionId, last, after } },
  );
}
