import { z } from "zod";

import { threadId, type ThreadRef } from "../../core/ids.ts";
import type { SlackApi } from "./api.ts";
import { messagesIn } from "./posted.ts";
import { progressType } from "./progress-message.ts";

/** Finds the progress messages that nobody ends any more, because their process was killed or never learned of them. */
export interface LeftProgress {
  /**
   * Deletes those of a thread that are older than `before`, once for each thread, or again. With `key` also those of that
   * line, and again.
   */
  sweep(
    thread: ThreadRef,
    options: {
      readonly before: string | undefined;
      readonly key?: string;
      readonly again?: boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<void>;
}

export interface LeftProgressOptions {
  readonly apiFor: (teamId: string) => SlackApi;
  readonly botId: (teamId: string, options: { readonly signal: AbortSignal }) => Promise<string>;
}

/** A session has one turn at a time, so that any other progress in its thread is an old one's. */
export function leftProgress({ apiFor, botId }: LeftProgressOptions): LeftProgress {
  const swept = new Set<string>();
  return {
    async sweep(thread, { before, key, again = key !== undefined, signal }) {
      const id = threadId(thread);
      if (swept.has(id) && !again) return;
      swept.add(id);
      const [oldest] = swept;
      if (swept.size > maxSwept && oldest !== undefined) swept.delete(oldest);
      const api = apiFor(thread.workspace);
      const me = await botId(thread.workspace, { signal });
      for await (const message of messagesIn(thread, { api, signal, isSpare: !again })) {
        const { bot_id, ts, metadata } = message;
        const progress = Progress.safeParse(metadata);
        if (bot_id !== me || !progress.success) continue;
        // What is newer is another process's, which took the turn over.
        const isOld = before !== undefined && Number(ts) < Number(before);
        if (!isOld && progress.data.event_payload.key !== key) continue;
        await api.call("chat.delete", { channel: thread.channel, ts }, { signal, waitMs });
      }
    },
  };
}

const waitMs = 60_000;
const maxSwept = 10_000;
const Progress = z.object({
  event_type: z.literal(progressType),
  event_payload: z.object({ key: z.string().default("") }),
});
