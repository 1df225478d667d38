import { sessionIdOf } from "../core/ids.ts";
import type { ScheduleResult, ScheduleRun } from "../core/schedule.ts";
import type { Store, StoredPost } from "../store/store.ts";

/**
 * What became of a run that was said; undefined while it goes. It ends with the answer that its turn gave, once the platform has
 * it: what only may have been delivered was not.
 */
export async function outcomeOf(
  { messageId, thread }: ScheduleRun,
  store: Pick<Store, "session" | "posts">,
): Promise<ScheduleResult["outcome"] | undefined> {
  if (!thread) return undefined;
  const sessionId = sessionIdOf(thread);
  // In this order: what ends a turn also writes its posts.
  const session = await store.session(sessionId);
  if (!session) return failed("its session was removed before it ended");
  const posts = (await store.posts(sessionId)).filter(({ post }) =>
    post.scheduled?.includes(messageId),
  );
  const answer = posts.find(({ post }) => post.kind !== "notice");
  if (answer) return told(answer, ({ messageId: id }) => ({ type: "delivered", messageId: id }));
  if (session.dirty) return undefined;
  // What is only a notice is the reason why there is no answer.
  const notice = posts.at(-1);
  if (!notice) return failed("its turn ended without an answer");
  return told(notice, ({ post }) => failed(post.markdown.slice(0, maxReason)));
}

const maxReason = 500;

const failed = (reason: string): ScheduleResult["outcome"] => ({ type: "failed", reason });

function told(
  stored: StoredPost,
  sent: (post: StoredPost & { readonly messageId: string }) => ScheduleResult["outcome"],
): ScheduleResult["outcome"] | undefined {
  const { state, messageId, error } = stored;
  if (state === "waiting") return undefined;
  if (state === "sent" && messageId) return sent({ ...stored, messageId });
  return failed(`the platform refused the answer: ${error ?? "it gave no id"}`);
}
