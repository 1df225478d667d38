import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { parseStored } from "../../core/journal.ts";
import { Post } from "../../core/post.ts";
import { claimToken } from "../claim-token.ts";
import type { ClaimOptions, PostClaim, PostOutcome, Store, StoredPost } from "../store.ts";
import type { Database } from "./database.ts";

export interface Outbox extends Pick<Store, "claimPost" | "settlePost" | "nextPostAt" | "posts"> {
  /** Adds a post, within the running transaction. One whose key is there already changes nothing and returns false. */
  readonly put: (sessionId: string, post: Post) => boolean;
  /** Claims a post that was just put, within the running transaction. Undefined where unsent ones are before it. */
  readonly claimNew: (post: Post, options: ClaimOptions) => PostClaim | undefined;
  /** Ends the claims of a process that is gone; returns how many there were. */
  readonly endClaims: () => number;
}

/**
 * Posts on their way to the platform. `due_at` says when a post may be claimed, and only the oldest waiting post of
 * a session has one: that keeps the order within a session, and makes a claim one look into an index however long
 * the outbox is. A claim moves `due_at` to its expiry, so whoever finds an unsettled claim there takes it over.
 */
export function outbox({ run, get, all, transaction }: Database, clock: Clock): Outbox {
  return {
    put(sessionId, post) {
      const { key } = post;
      return run(putSql, { key, sessionId, post: JSON.stringify(post), now: clock.now() }) > 0;
    },

    claimNew(post, { holder, ttlMs }) {
      const now = clock.now();
      const token = claimToken(holder);
      const values = { key: post.key, now, until: now + ttlMs, token };
      if (run(claimNewSql, values) === 0) return undefined;
      return { post, attempt: 1, ambiguous: false, token };
    },

    endClaims: () => run(endClaimsSql, { now: clock.now() }),

    async claimPost({ holder, ttlMs }) {
      const now = clock.now();
      const token = claimToken(holder);
      const row = transaction(() => get(ClaimRow, claimSql, { now, until: now + ttlMs, token }));
      if (row === undefined) return undefined;
      return {
        post: parseStored(Post, row.post, "a post of the outbox"),
        attempt: row.attempts,
        ambiguous: row.ambiguous === 1,
        token,
      };
    },

    async settlePost({ post: { key, sessionId }, token }, outcome) {
      const now = clock.now();
      return transaction(() => {
        if (run(settleSql, { key, token, now, ...columnsOf(outcome) }) === 0) return "lost";
        if (outcome.type === "retry") return "more";
        return run(nextSql, { sessionId, now }) > 0 ? "more" : "none";
      });
    },

    nextPostAt: async () => get(DueRow, dueSql)?.at ?? undefined,

    async posts(sessionId) {
      return all(PostRow, postsSql, { sessionId }).map(storedPost);
    },
  };
}

const putSql = `INSERT INTO posts (key, session_id, post, due_at)
  VALUES (:key, :sessionId, :post, iif(EXISTS (
    SELECT 1 FROM posts WHERE session_id = :sessionId AND state = 'waiting'), NULL, :now))
  ON CONFLICT (key) DO NOTHING`;
const endClaimsSql = `UPDATE posts SET due_at = :now
  WHERE due_at IS NOT NULL AND claim IS NOT NULL`;
const claimSql = `UPDATE posts SET attempts = attempts + 1, due_at = :until,
  ambiguous = (ambiguous OR claim IS NOT NULL), claim = :token
  WHERE id = (SELECT id FROM posts WHERE due_at <= :now ORDER BY due_at, id LIMIT 1)
  RETURNING post, attempts, ambiguous`;
const claimNewSql = `UPDATE posts SET attempts = 1, due_at = :until, claim = :token
  WHERE key = :key AND due_at <= :now`;
const settleSql = `UPDATE posts SET claim = NULL, state = :state, due_at = :dueAt,
  ambiguous = (ambiguous OR :ambiguous), message_id = :messageId, error = :error
  WHERE key = :key AND claim = :token AND due_at > :now`;
const nextSql = `UPDATE posts SET due_at = :now WHERE id = (
  SELECT min(id) FROM posts WHERE session_id = :sessionId AND state = 'waiting')`;
const dueSql = "SELECT min(due_at) AS at FROM posts WHERE due_at IS NOT NULL";
const postsSql = `SELECT post, state, attempts, message_id AS messageId, error FROM posts
  WHERE session_id = :sessionId ORDER BY id`;

type Columns = Record<
  "state" | "dueAt" | "ambiguous" | "messageId" | "error",
  string | number | null
>;

/** What an outcome makes of a post's row. */
function columnsOf(outcome: PostOutcome): Columns {
  const ended = { dueAt: null, ambiguous: 0, messageId: null, error: null };
  if (outcome.type === "sent") return { ...ended, state: "sent", messageId: outcome.messageId };
  const { type, error } = outcome;
  if (type === "rejected") return { ...ended, state: "rejected", error };
  const { notBefore, ambiguous } = outcome;
  return { ...ended, state: "waiting", dueAt: notBefore, ambiguous: Number(ambiguous), error };
}

const ClaimRow = z.object({ post: z.string(), attempts: z.number(), ambiguous: z.number() });
const DueRow = z.object({ at: z.number().nullable() });
const PostRow = z.object({
  post: z.string(),
  state: z.enum(["waiting", "sent", "rejected"]),
  attempts: z.number(),
  messageId: z.string().nullable(),
  error: z.string().nullable(),
});

function storedPost({ post, messageId, error, ...rest }: z.infer<typeof PostRow>): StoredPost {
  return {
    ...rest,
    post: parseStored(Post, post, "a post of the outbox"),
    ...(messageId !== null && { messageId }),
    ...(error !== null && { error }),
  };
}
