import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { SlackApi } from "./api.ts";
import { sectionsOf } from "./sections.ts";

/** What shows the progress of one turn. */
export interface ProgressMessage {
  /** @throws {OpsthreadError} as {@link SlackApi.call} */
  show(markdown: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Takes it away, if there is one. Waits for its turn. */
  remove(options: { readonly signal: AbortSignal }): Promise<void>;
  /** The message's id, where there is one. */
  readonly ts: string | undefined;
  /** Whether there may be one whose id never came. */
  readonly isUnsure: boolean;
}

export interface ProgressMessageOptions {
  readonly key: string;
  readonly api: SlackApi;
  readonly clock: Clock;
}

/** What a progress message carries, for its later recognition. */
export const progressType = "opsthread_progress";

/** A message that is posted once, and then changed. */
export function editedLine(
  { channel, thread }: ThreadRef,
  { key, api }: ProgressMessageOptions,
): ProgressMessage {
  let ts: string | undefined;
  let isUnsure = false;
  return {
    get ts() {
      return ts;
    },
    get isUnsure() {
      return isUnsure;
    },
    async show(markdown, { signal }) {
      const text = (sectionsOf(markdown)[0] ?? "…").slice(0, maxLine);
      if (ts !== undefined) {
        try {
          await api.call("chat.update", { channel, ts, text }, { signal, isSpare: true });
        } catch (error) {
          if (isGone(error)) ts = undefined;
          throw error;
        }
        return;
      }
      const quiet = { unfurl_links: false, unfurl_media: false };
      const metadata = { event_type: progressType, event_payload: { key } };
      const posted = { channel, thread_ts: thread, text, metadata, ...quiet };
      const answer = await api
        .call("chat.postMessage", posted, { signal, isSpare: true })
        .catch((error: unknown) => {
          isUnsure ||= isOpsthreadError(error, "ADAPTER_POST_UNKNOWN");
          throw error;
        });
      ts = z.object({ ts: z.string() }).parse(answer).ts;
    },
    async remove({ signal }) {
      if (ts === undefined) return;
      // A line may be left out, but not be left behind: its end waits as long as Slack asks.
      await api.call("chat.delete", { channel, ts }, { signal, waitMs: removeMs }).catch(ifThere);
      ts = undefined;
    },
  };
}

/** A message that a person deleted is gone as wanted. */
function ifThere(error: unknown): void {
  if (!isGone(error)) throw error;
}

const isGone = (error: unknown): boolean =>
  isOpsthreadError(error) && error.data["slackError"] === "message_not_found";

const removeMs = 300_000;
/** One line, of a message that chat.update takes. */
const maxLine = 3000;
