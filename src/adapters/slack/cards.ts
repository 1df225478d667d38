import type { ApprovalChoice } from "../../core/access-request.ts";
import { messageOf } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { ApprovalOutcome, Person } from "../adapter.ts";
import type { SlackApi } from "./api.ts";
import { howToAnswer } from "./approval-blocks.ts";
import { escaped } from "./mrkdwn.ts";
import { keyOf, messagesIn } from "./posted.ts";

/** Puts what became of it into the place of a card's buttons. What else it says stays as it is. */
export async function closeCard(
  thread: ThreadRef,
  outcome: ApprovalOutcome,
  {
    api,
    log,
    signal,
  }: { readonly api: SlackApi; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  try {
    for await (const message of messagesIn(thread, { api, signal })) {
      if (keyOf(message) !== outcome.key) continue;
      const { ts, text, blocks } = message;
      // A long one has its buttons below its last part.
      if (!blocks.some(hasButtons)) continue;
      const kept = blocks.filter((block) => !hasButtons(block) && block.block_id !== howToAnswer);
      const line = { type: "context", elements: [{ type: "mrkdwn", text: outcomeText(outcome) }] };
      const args = { channel: thread.channel, ts, text, blocks: [...kept, line] };
      await api.call("chat.update", args, { signal, waitMs });
    }
  } catch (error) {
    log.debug({ error: messageOf(error) }, "The buttons of an approval stayed");
  }
}

const waitMs = 10_000;
const hasButtons = ({ type }: { readonly type: string }): boolean => type === "actions";

function outcomeText(outcome: ApprovalOutcome): string {
  switch (outcome.type) {
    case "decided":
      return `${words[outcome.choice]} by ${nameOf(outcome.by)}`;
    case "withdrawn":
      return `🚫 Withdrawn${outcome.by ? `: ${nameOf(outcome.by)} asked to stop` : ""}`;
    case "expired":
      return "⌛ Expired: nobody answered in time";
    default:
      return outcome satisfies never;
  }
}

/** A name in a message that is changed calls nobody. */
const nameOf = ({ id, name = id }: Person): string =>
  /^[UW][A-Z0-9]+$/.test(id) ? `<@${id}>` : escaped(name);

const words: Readonly<Record<ApprovalChoice, string>> = {
  once: "✅ Approved once",
  session: "✅ Approved for this session",
  always: "✅ Approved for all sessions",
  deny: "🚫 Denied",
};
