import { z } from "zod";

import { abortable } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import { stableKey, threadId, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { SlackApi } from "./api.ts";
import { sectionsOf } from "./sections.ts";

/** The live lines of turns: one message each, changed, and deleted in the end. */
export interface ProgressLines extends AsyncDisposable {
  show(
    thread: ThreadRef,
    progress: { readonly key: string; readonly markdown: string | undefined },
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

export function createProgressLines({
  apiFor,
  clock,
  log,
}: {
  readonly apiFor: (teamId: string) => SlackApi;
  readonly clock: Clock;
  readonly log: Logger;
}): ProgressLines {
  /** What becomes of each line: its message's id, once it has one. */
  const lines = new Map<string, Promise<string | undefined>>();
  const ending = new AbortController();

  const change = async (
    { workspace, channel, thread }: ThreadRef,
    line: { readonly ts: string | undefined; readonly markdown: string | undefined },
  ): Promise<string | undefined> => {
    const { ts, markdown } = line;
    const { signal } = ending;
    const api = apiFor(workspace);
    if (markdown === undefined) {
      if (ts !== undefined) await remove({ channel, ts }, { api, clock, signal });
      return undefined;
    }
    const text = (sectionsOf(markdown)[0] ?? "…").slice(0, maxLine);
    if (ts !== undefined) {
      await api.call("chat.update", { channel, ts, text }, { signal });
      return ts;
    }
    const quiet = { unfurl_links: false, unfurl_media: false };
    const metadata = { event_type: "opsthread_progress", event_payload: {} };
    const posted = { channel, thread_ts: thread, text, metadata, ...quiet };
    const answer = await api.call("chat.postMessage", posted, { signal });
    return z.object({ ts: z.string() }).parse(answer).ts;
  };

  return {
    async show(thread, { key, markdown }, { signal }) {
      signal.throwIfAborted();
      const id = stableKey(threadId(thread), key);
      if (markdown === undefined && !lines.has(id)) return;
      // One after the other, also where nobody waits any more: a line must be known to be deleted.
      const before = lines.get(id) ?? Promise.resolve(undefined);
      const after = before.then(async (ts) => {
        try {
          return await change(thread, { ts, markdown });
        } catch (error) {
          log.debug({ error: messageOf(error) }, "Progress was not shown");
          const gone = isOpsthreadError(error) && error.data["slackError"] === "message_not_found";
          return gone ? undefined : ts;
        }
      });
      lines.set(id, after);
      const isLast = (): boolean => markdown === undefined && lines.get(id) === after;
      await abortable(
        after.then(() => void (isLast() && lines.delete(id))),
        signal,
      );
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(lines.values());
    },
  };
}

/** A line may be left out, but not be left behind: its end waits as long as Slack asks. */
async function remove(
  message: { readonly channel: string; readonly ts: string },
  {
    api,
    clock,
    signal,
  }: { readonly api: SlackApi; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await api.call("chat.delete", message, { signal });
      return;
    } catch (error) {
      if (!isOpsthreadError(error, "ADAPTER_RATE_LIMITED") || tries === maxTries) throw error;
      await clock.sleep(Number(error.data["retryAfterMs"]), { signal });
    }
  }
}

const maxTries = 5;

/** One line, of a message that chat.update takes. */
const maxLine = 3000;
