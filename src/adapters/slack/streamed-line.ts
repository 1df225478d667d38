import { z } from "zod";

import { isOpsthreadError } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import { visibleLabel } from "../text/control.ts";
import type { ProgressMessage, ProgressMessageOptions } from "./progress-message.ts";

/**
 * A message that grows by a step each time, as Slack shows what agents do. Slack closes such a message after five
 * minutes, so that a new one takes its place before: https://github.com/slackapi/node-slack-sdk/issues/2702
 */
export function streamedLine(
  { workspace, channel, thread }: ThreadRef,
  {
    api,
    clock,
    recipient,
  }: ProgressMessageOptions & {
    /** Who it is for. Only in a conversation with the app alone nobody needs to be named. */
    readonly recipient: string | undefined;
  },
): ProgressMessage {
  let open: { readonly ts: string; readonly until: number; readonly step: Step } | undefined;
  let count = 0;
  const start = async (step: Step, signal: AbortSignal): Promise<void> => {
    const to = recipient !== undefined && {
      recipient_user_id: recipient,
      recipient_team_id: workspace,
    };
    const args = { channel, thread_ts: thread, ...to, chunks: [taskOf(step, "in_progress")] };
    const answer = await api.call("chat.startStream", args, { signal, isSpare: true });
    const { ts } = z.object({ ts: z.string() }).parse(answer);
    open = { ts, until: clock.now() + segmentMs, step };
  };
  const remove = async ({ signal }: { readonly signal: AbortSignal }): Promise<void> => {
    if (!open) return;
    const { ts, step } = open;
    const done = { channel, ts, chunks: [taskOf(step, "complete")] };
    // It may have closed by itself, or be gone.
    await api.call("chat.stopStream", done, { signal, waitMs: stopMs }).catch(ifOver);
    await api.call("chat.delete", { channel, ts }, { signal, waitMs: removeMs }).catch(ifOver);
    open = undefined;
  };
  return {
    get ts() {
      return open?.ts;
    },
    isUnsure: false,
    async show(markdown, { signal }) {
      const step = { id: String((count += 1)), title: titleOf(markdown) };
      if (open && clock.now() >= open.until) await remove({ signal });
      if (!open) return start(step, signal);
      const { ts, until, step: before } = open;
      const chunks = [taskOf(before, "complete"), taskOf(step, "in_progress")];
      try {
        await api.call("chat.appendStream", { channel, ts, chunks }, { signal, isSpare: true });
        open = { ts, until, step };
      } catch (error) {
        if (!isOver(error)) throw error;
        await remove({ signal });
        await start(step, signal);
      }
    },
    remove,
  };
}

interface Step {
  readonly id: string;
  readonly title: string;
}

const taskOf = ({ id, title }: Step, status: "in_progress" | "complete"): object => ({
  type: "task_update",
  id,
  title,
  status,
});

/** A title is plain text, and calls nobody. */
function titleOf(markdown: string): string {
  const plain = visibleLabel(Buffer.from(markdown).toString()).replaceAll("<", "‹");
  return plain.replaceAll(">", "›").trim().slice(0, maxTitle).trim() || "…";
}

const maxTitle = 250;
const segmentMs = 230_000;
const stopMs = 10_000;
const removeMs = 300_000;

const isOver = (error: unknown): boolean =>
  isOpsthreadError(error) && overWords.has(String(error.data["slackError"]));

const overWords = new Set(["message_not_in_streaming_state", "message_not_found"]);

function ifOver(error: unknown): void {
  if (!isOver(error)) throw error;
}
