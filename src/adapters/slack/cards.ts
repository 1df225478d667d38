import type { ApprovalChoice } from "../../core/access-request.ts";
import { messageOf } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { ApprovalDecided } from "../adapter.ts";
import type { SlackApi } from "./api.ts";
import { howToAnswer } from "./approval-blocks.ts";
import { escaped } from "./mrkdwn.ts";
import { keyOf, messagesIn } from "./posted.ts";

/** Puts who decided what into the place of a card's buttons. What else it says stays as it is. */
export async function closeCard(
  thread: ThreadRef,
  decided: ApprovalDecided,
  {
    api,
    log,
    signal,
  }: { readonly api: SlackApi; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  try {
    for await (const message of messagesIn(thread, { api, signal })) {
      if (keyOf(message) !== decided.key) continue;
      const { ts, text, blocks } = message;
      // A long one has its buttons below its last part.
      if (!blocks.some(hasButtons)) continue;
      const kept = blocks.filter((block) => !hasButtons(block) && block.block_id !== howToAnswer);
      const outcome = { type: "context", elements: [{ type: "mrkdwn", text: outcomeOf(decided) }] };
      const args = { channel: thread.channel, ts, text, blocks: [...kept, outcome] };
      await api.call("chat.update", args, { signal, waitMs });
    }
  } catch (error) {
    log.debug({ error: messageOf(error) }, "The buttons of an approval stayed");
  }
}

const waitMs = 3000;
const hasButtons = ({ type }: { readonly type: string }): boolean => type === "actions";

/** A name in a message that is changed calls nobody. */
function outcomeOf({ choice, by }: ApprovalDecided): string {
  const who = /^[UW][A-Z0-9]+$/.test(by.id) ? `<@${by.id}>` : escaped(by.name ?? by.id);
  return `${words[choice]} by ${who}`;
}

const words: Readonly<Record<ApprovalChoice, string>> = {
  once: "✅ Approved once",
  session: "✅ Approved for this session",
  always: "✅ Approved for all sessions",
  deny: "🚫 Denied",
};
