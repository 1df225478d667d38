import type { ApprovalChoice } from "../../core/access-request.ts";
import { threadId, type ThreadRef } from "../../core/ids.ts";
import type { DiscordApi } from "./api.ts";
import { decidedCard } from "./decided.ts";
import { remembering } from "./remembering.ts";

/** Questions with buttons, as long as this process knows them. */
export interface Cards {
  posted(card: Card): void;
  /** The question that a message asks. */
  byMessage(messageId: string): Card | undefined;
  /** It was answered in words: takes its buttons away. Without an id the newest one of the thread is meant. */
  decided(
    answered: {
      readonly thread: ThreadRef;
      readonly approvalId: string | undefined;
      readonly choice: ApprovalChoice;
      readonly by: string;
    },
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

export interface Card {
  readonly thread: ThreadRef;
  readonly approvalId: string;
  readonly channelId: string;
  readonly messageId: string;
  readonly components: readonly object[];
}

export function createCards(api: DiscordApi): Cards {
  const byMessage = remembering<Card>(maxCards);
  const byApproval = remembering<Card>(maxCards);
  const newest = remembering<Card>(maxCards);
  return {
    posted(card) {
      byMessage.set(card.messageId, card);
      byApproval.set(`${threadId(card.thread)} ${card.approvalId}`, card);
      newest.set(threadId(card.thread), card);
    },
    byMessage: (messageId) => byMessage.get(messageId),
    async decided({ thread, approvalId, choice, by }, { signal }) {
      const card =
        approvalId === undefined
          ? newest.get(threadId(thread))
          : byApproval.get(`${threadId(thread)} ${approvalId}`);
      if (!card) return;
      byApproval.delete(`${threadId(thread)} ${card.approvalId}`);
      newest.delete(threadId(thread));
      const body = {
        components: decidedCard(card.components, { choice, by: `<@${by}>` }),
        allowed_mentions: { parse: [] },
      };
      const route = `/channels/${card.channelId}/messages/${card.messageId}` as const;
      await api.call("PATCH", route, { body, signal });
    },
  };
}

const maxCards = 1000;
