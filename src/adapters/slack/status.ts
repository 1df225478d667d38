import { linkedController } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { SlackApi } from "./api.ts";

/** Says below threads that the bot works on them. Best effort. */
export interface ThreadStatus {
  /** Shows it, and keeps it from going by itself. */
  begin(thread: ThreadRef): KeptStatus;
}

export interface KeptStatus {
  /** Shows it anew: what the bot posts takes it away. */
  again(): void;
  /** Takes it away. */
  end(): Promise<void>;
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
    const options = { signal: ended, isSpare: true };
    try {
      await apiFor(workspace).call("assistant.threads.setStatus", args, options);
    } catch (error) {
      const slackError = isOpsthreadError(error) ? error.data["slackError"] : undefined;
      // It will not be allowed the next time, either.
      if (typeof slackError === "string" && forGood.has(slackError)) refused.add(workspace);
      log.debug({ error: messageOf(error) }, "A status was not shown");
    }
  };
  return {
    begin(thread) {
      const linked = linkedController(ended);
      const over = linked.controller;
      const whole = over.signal;
      let rest = new AbortController();
      const keep = async (): Promise<void> => {
        while (!whole.aborted) {
          rest = new AbortController();
          const signal = AbortSignal.any([whole, rest.signal]);
          await set(thread, "is working on it…");
          await clock.sleep(refreshMs, { signal }).catch(() => {}); // The end, or once more: the loop sees it.
        }
      };
      const kept = keep();
      return {
        again: () => rest.abort(),
        async end() {
          over.abort();
          linked[Symbol.dispose]();
          await kept;
          if (!ended.aborted) await set(thread, "");
        },
      };
    },
  };
}

const refreshMs = 90_000;
const forGood = new Set(["missing_scope", "not_allowed_token_type", "unknown_method"]);
