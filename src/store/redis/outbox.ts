import { z } from "zod";

import { parseStored } from "../../core/journal.ts";
import { Post } from "../../core/post.ts";
import { claimToken } from "../claim-token.ts";
import type { PostOutcome, Store, StoredPost } from "../store.ts";
import type { Context } from "./context.ts";

export interface Outbox extends Pick<Store, "claimPost" | "settlePost" | "nextPostAt" | "posts"> {
  /** Notes when a session's oldest unsent post is due. */
  schedule(sessionId: string, next: NextPost): Promise<void>;
}

/** When a session's oldest unsent post is due, as its slot said with this version; `dueAt` is empty for never. */
export interface NextPost {
  readonly version: number | string;
  readonly dueAt: string;
}

/**
 * Posts on their way to the platform. A session's slot decides what may be claimed; the list of due times only says where to
 * look. It follows the session, and may be late: then whoever looks finds nothing to claim, and sets it right.
 */
export function outbox({ client, run, keys, time }: Context): Outbox {
  const { due, dueVersions } = keys.shared;
  const ofSession = (sessionId: string): readonly string[] => {
    const { info, posts, outcomes } = keys.session(sessionId);
    return [info, posts, outcomes];
  };
  const schedule: Outbox["schedule"] = async (sessionId, { version, dueAt }) => {
    const args = [sessionId, version, dueAt];
    await run("schedule-posts", z.number(), { keys: [due, dueVersions], args });
  };

  return {
    schedule,

    async claimPost({ holder, ttlMs }) {
      const token = claimToken(holder);
      for (;;) {
        const sessionId = await run("next-post", z.string().nullable(), {
          keys: [due],
          args: [time(), claimingMs],
        });
        if (sessionId === null) return undefined;
        const [version, dueAt, ...claimed] = await run("claim-post", Claimed, {
          keys: ofSession(sessionId),
          args: [time(), token, ttlMs],
        });
        await schedule(sessionId, { version, dueAt });
        const [text, attempt, ambiguous] = claimed;
        if (text === undefined || attempt === undefined) continue;
        const post = parseStored(Post, text, "a post of the outbox");
        return { post, attempt, ambiguous: ambiguous === 1, token };
      }
    },

    async settlePost({ post: { sessionId }, token }, outcome) {
      const [version, dueAt] = await run("settle-post", Settled, {
        keys: ofSession(sessionId),
        args: [time(), token, ...argsOf(outcome)],
      });
      if (version === undefined || dueAt === undefined) return "lost";
      await schedule(sessionId, { version, dueAt });
      return dueAt === "" ? "none" : "more";
    },

    async nextPostAt() {
      const [, at] = await client.zrange(due, "0", "0", "WITHSCORES");
      return at === undefined ? undefined : Number(at);
    },

    async posts(sessionId) {
      const read = await run("read-posts", Read, { keys: ofSession(sessionId) });
      const [texts, outcomes, attempts, error] = read;
      return texts.map((text, index) => {
        const post = parseStored(Post, text, "a post of the outbox");
        const outcome = outcomes[index];
        if (outcome !== undefined) return { post, ...outcomeOf(outcome) };
        if (index > outcomes.length) return { post, state: "waiting", attempts: 0 };
        const state = { state: "waiting" as const, attempts: Number(attempts) };
        return { post, ...state, ...(error !== "" && { error }) };
      });
    },
  };
}

/** How long a session is kept from others while one claims its post. */
const claimingMs = 1000;

const Version = z.union([z.number(), z.string()]);
const Claimed = z.union([
  z.tuple([Version, z.string()]),
  z.tuple([Version, z.string(), z.string(), z.number(), z.number()]),
]);
const Settled = z.union([z.tuple([]), z.tuple([Version, z.string()])]);
const Read = z.tuple([z.array(z.string()), z.array(z.string()), z.string(), z.string()]);

/** As `settle-post.lua` takes it: the outcome, not before, ambiguous, error. */
function argsOf(outcome: PostOutcome): readonly (string | number)[] {
  if (outcome.type === "retry")
    return ["", outcome.notBefore, outcome.ambiguous ? 1 : 0, outcome.error];
  const { type, ...rest } = outcome;
  return [JSON.stringify({ state: type, ...rest }), "", "", ""];
}

const Outcome = z.object({
  state: z.enum(["sent", "rejected"]),
  messageId: z.string().optional(),
  error: z.string().optional(),
});

/** As `settle-post.lua` keeps it: the number of attempts, then the outcome. */
function outcomeOf(text: string): Omit<StoredPost, "post"> {
  const space = text.indexOf(" ");
  const { state, messageId, error } = parseStored(
    Outcome,
    text.slice(space + 1),
    "what became of a post",
  );
  return {
    state,
    attempts: Number(text.slice(0, space)),
    ...(messageId !== undefined && { messageId }),
    ...(error !== undefined && { error }),
  };
}
