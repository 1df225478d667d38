import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { SlackApi } from "./api.ts";

/** Says below a thread that the bot works on it, until it is told otherwise. Best effort. */
export interface ThreadStatus {
  /** Shows it, and keeps it from going by itself until `over` aborts; then takes it away. */
  keep(thread: ThreadRef, options: { readonly over: AbortSignal }): Promise<void>;
}

/** Slack takes a status away after two minutes: https://docs.slack.dev/reference/methods/assistant.threads.setStatus */
export function threadStatus({
  apiFor,
  clock,
  log,
  ended,
}: {
  readonly apiFor: (teamId: string) => SlackApi;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ended: AbortSignal;
}): ThreadStatus {
  const refused = new Set<string>();
  const set = async (thread: ThreadRef, status: string): Promise<void> => {
    const { workspace, channel } = thread;
    if (refused.has(workspace)) return;
    const args = { channel_id: channel, thread_ts: thread.thread, status };
    try {
      await apiFor(workspace).call("assistant.threads.setStatus", args, {
        signal: ended,
        isSpare: true,
      });
    } catch (error) {
      const slackError = isOpsthreadError(error) ? error.data["slackError"] : undefined;
      // It will not be allowed the next time, either.
      if (typeof slackError === "string" && forGood.has(slackError)) refused.add(workspace);
      log.debug({ error: messageOf(error) }, "A status was not shown");
    }
  };
  return {
    async keep(thread, { over }) {
      const signal = AbortSignal.any([over, ended]);
      while (!signal.aborted) {
        await set(thread, "is working on it…");
        await clock.sleep(refreshMs, { signal }).catch(() => {}); // The end: the loop sees it.
      }
      if (!ended.aborted) await set(thread, "");
    },
  };
}

const refreshMs = 90_000;
const forGood = new Set(["missing_scope", "not_allowed_token_type", "unknown_method"]);
