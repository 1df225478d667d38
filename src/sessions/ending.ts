import { stableKey } from "../core/ids.ts";
import type { JournalEntry, TurnOutcome } from "../core/journal.ts";
import type { Notice, Post, TurnUsage } from "../core/post.ts";
import { addUsage, usageOf } from "../core/spent.ts";
import type { InboxItem } from "../store/store.ts";
import { agentNameOf } from "./agent-of.ts";
import { approvalPost } from "./approval-card.ts";
import { readUnread } from "./read-unread.ts";
import type { Fact, Session } from "./session.ts";
import type { TurnOptions } from "./turn.ts";

/** Takes everything up to the request to stop out of the inbox: what was asked before it is not begun any more. */
export async function stopTurn(session: Session, options: TurnOptions): Promise<void> {
  const unread = await readUnread(session, inboxOf(session, options));
  const stop = unread.find(({ message }) => message.kind === "stop");
  const taken = unread.filter(({ seq }) => stop && seq <= stop.seq);
  const busy = taken.length > 1 || (session.open?.messages ?? 0) > 0;
  const who = stop?.message.actor.name ?? stop?.message.actor.id ?? "someone";
  const asked = session.grants.waiting().filter(({ turn }) => turn !== session.turn);
  // The thread was told of them, and they could still be given.
  const isAsked = asked.some(({ expiresAt }) => options.clock.now() <= expiresAt);
  const ends = [
    ...(busy ? ["What was begun is not finished."] : []),
    ...(isAsked ? ["What waited for approval is withdrawn."] : []),
  ];
  const title = `Stopped, as ${who} asked`;
  const detail = ends.join(" ");
  await endTurn(session, options, {
    outcome: "stopped",
    text: ends.length > 0 ? `${title}. ${detail}` : "Nothing is running here.",
    ...(ends.length > 0 && { notice: { type: "stopped", title, detail } }),
    unread: taken,
  });
  options.cards.close(
    session,
    asked.map(({ approvalId }) => approvalId),
  );
}

const inboxOf = ({ thread }: Session, { store, adapters }: TurnOptions) => ({
  store,
  adapter: adapters.get(thread.platform),
});

/** Tells why the turn came to nothing. Messages that could not even be taken in count as answered by that. */
export async function failTurn(session: Session, options: TurnOptions, why: string): Promise<void> {
  const nothingRead = session.open?.messages === 0;
  const unread = nothingRead ? await readUnread(session, inboxOf(session, options)) : [];
  const who = options.agents.byName.size > 1 ? ` (agent ${agentNameOf(session, options)})` : "";
  const title = `I could not finish this${who}`;
  const hint = "Nothing in this thread is lost; ask again to retry.";
  await endTurn(session, options, {
    outcome: "failed",
    text: `${title}: ${why}. ${hint}`,
    notice: { type: "failed", title, detail: why, hint },
    unread,
  });
}

/** Writes, in one step: the end of the turn, the posts that tell it, and the messages that are settled by it. */
export async function endTurn(
  session: Session,
  { redactor, clock }: Pick<TurnOptions, "redactor" | "clock">,
  ended: {
    readonly outcome: TurnOutcome;
    readonly text: string;
    readonly notice?: Notice;
    readonly lead?: readonly JournalEntry[];
    readonly unread?: readonly InboxItem[];
  },
): Promise<void> {
  const { outcome, lead = [], unread = [] } = ended;
  const redact = (plain: string): string => redactor.text(plain);
  const text = redact(ended.text);
  const notice = ended.notice && redacted(ended.notice, redact);
  const inboxThrough = unread.at(-1)?.seq;
  await session.record(
    [
      ...unread.map(({ message }): Fact => ({ type: "message", message, paths: [] })),
      { type: "turn-ended", outcome, text },
    ],
    {
      lead,
      posts: postsOf(session, {
        outcome,
        text,
        notice,
        redact,
        usage: usedIn(session, lead, clock.now()),
      }),
      ...(inboxThrough !== undefined && { inboxThrough }),
    },
  );
}

function postsOf(
  session: Session,
  {
    outcome,
    text,
    notice,
    redact,
    usage,
  }: {
    readonly outcome: TurnOutcome;
    readonly text: string;
    readonly notice: Notice | undefined;
    readonly redact: (text: string) => string;
    readonly usage: TurnUsage | undefined;
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
  const told = usage && { usage };
  if (first && text === "") return [{ ...first, artifacts, ...told }, ...more];
  const post = noticeOf(session, { text: `${bylineOf(session)}${text}`, parts: [] });
  return [{ ...post, kind, artifacts, ...(notice && { notice }), ...told }, ...approvals];
}

const redacted = (
  { type, title, detail, hint }: Notice,
  redact: (text: string) => string,
): Notice => ({
  type,
  title: redact(title),
  ...(detail !== undefined && { detail: redact(detail) }),
  ...(hint !== undefined && { hint: redact(hint) }),
});

/** What the turn took, its last step included; undefined when nothing was counted, as with the offline planner. */
function usedIn(
  { open }: Session,
  lead: readonly JournalEntry[],
  now: number,
): TurnUsage | undefined {
  if (!open) return undefined;
  const uses = lead.flatMap((entry) => usageOf(entry) ?? []);
  const usage = uses.reduce((sum, use) => addUsage(sum, use.usage), open.usage);
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  if (inputTokens + outputTokens === 0) return undefined;
  const usd = uses.reduce((sum, use) => sum + (use.usd ?? 0), open.usd);
  return {
    steps: uses.reduce((sum, use) => sum + use.steps, open.steps),
    inputTokens,
    ...(cachedInputTokens !== undefined && { cachedInputTokens }),
    outputTokens,
    ...(usd > 0 && { usd }),
    ms: Math.max(0, now - open.startedAt),
  };
}

/** Who had the turn one after the other, where it changed hands. */
function bylineOf({ open }: Session): string {
  const [first, ...more] = open?.handoffs ?? [];
  if (!first) return "";
  return `*${[first.from, first.to, ...more.map(({ to }) => to)].join(" → ")}*\n\n`;
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
  "over-budget": "notice",
};
