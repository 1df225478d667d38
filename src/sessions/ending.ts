import { stableKey } from "../core/ids.ts";
import type { JournalEntry, TurnOutcome } from "../core/journal.ts";
import type { Post } from "../core/post.ts";
import type { InboxItem } from "../store/store.ts";
import { approvalPost } from "./approval-card.ts";
import type { Fact, Session } from "./session.ts";
import type { TurnOptions } from "./turn.ts";

/** Takes everything up to the request to stop out of the inbox: what was asked before it is not begun any more. */
export async function stopTurn(session: Session, options: TurnOptions): Promise<void> {
  const unread = await options.store.readInbox(session.id, { after: 0 });
  const stop = unread.find(({ message }) => message.kind === "stop");
  const taken = unread.filter(({ seq }) => stop && seq <= stop.seq);
  const busy = taken.length > 1 || (session.open?.messages ?? 0) > 0;
  const who = stop?.message.actor.name ?? stop?.message.actor.id ?? "someone";
  await endTurn(session, options, {
    outcome: "stopped",
    text: busy
      ? `Stopped, as ${who} asked. What was begun is not finished.`
      : "Nothing is running here.",
    unread: taken,
  });
}

/** Tells why the turn came to nothing. Messages that could not even be taken in count as answered by that. */
export async function failTurn(session: Session, options: TurnOptions, why: string): Promise<void> {
  const nothingRead = session.open?.messages === 0;
  const unread = nothingRead ? await options.store.readInbox(session.id, { after: 0 }) : [];
  const text = `I could not finish this: ${why}. Nothing in this thread is lost; ask again to retry.`;
  await endTurn(session, options, { outcome: "failed", text, unread });
}

/** Writes, in one step: the end of the turn, the posts that tell it, and the messages that are settled by it. */
export async function endTurn(
  session: Session,
  { redactor }: Pick<TurnOptions, "redactor">,
  ended: {
    readonly outcome: TurnOutcome;
    readonly text: string;
    readonly lead?: readonly JournalEntry[];
    readonly unread?: readonly InboxItem[];
  },
): Promise<void> {
  const { outcome, lead = [], unread = [] } = ended;
  const redact = (plain: string): string => redactor.text(plain);
  const text = redact(ended.text);
  const inboxThrough = unread.at(-1)?.seq;
  await session.record(
    [
      ...unread.map(({ message }): Fact => ({ type: "message", message, paths: [] })),
      { type: "turn-ended", outcome, text },
    ],
    {
      lead,
      posts: postsOf(session, { outcome, text, redact }),
      ...(inboxThrough !== undefined && { inboxThrough }),
    },
  );
}

function postsOf(
  session: Session,
  {
    outcome,
    text,
    redact,
  }: {
    readonly outcome: TurnOutcome;
    readonly text: string;
    readonly redact: (text: string) => string;
  },
): readonly Post[] {
  const kind = postKinds[outcome];
  if (!kind) return [];
  const artifacts = outcome === "answered" || outcome === "asked" ? session.artifacts : [];
  const approvals =
    outcome === "asked"
      ? session.grants
          .waiting(session.turn)
          .map((approval) => approvalPost(approval, { session, redact }))
      : [];
  const [first, ...more] = approvals;
  // Who asks for nothing but access has said it with that.
  if (first && text === "") return [{ ...first, artifacts }, ...more];
  const post = noticeOf(session, { text, parts: [] });
  return [{ ...post, kind, artifacts }, ...approvals];
}

/** What the harness itself tells the thread in this turn; `parts` make its key another one than the turn's answer's. */
export function noticeOf(
  { id, createdAt, thread, turn }: Session,
  { text, parts }: { readonly text: string; readonly parts: readonly string[] },
): Post {
  return {
    key: stableKey("post", id, createdAt, turn, ...parts),
    sessionId: id,
    thread,
    turn,
    kind: "notice",
    markdown: text,
    artifacts: [],
  };
}

/** Nothing is posted where a newer message takes over, or everything was told already. */
const postKinds: Readonly<Record<TurnOutcome, Post["kind"] | undefined>> = {
  answered: "answer",
  asked: "question",
  stopped: "notice",
  failed: "notice",
  interrupted: undefined,
  told: undefined,
};
