import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { threadId, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { ApprovalOutcome } from "../adapter.ts";
import type { DiscordApi } from "./api.ts";
import { closedCard, hasButtons } from "./closed-card.ts";
import { codes } from "./failures.ts";
import { patiently } from "./patiently.ts";
import { lookFor } from "./posted.ts";
import { remembering } from "./remembering.ts";

/** Questions with buttons. */
export interface Cards {
  posted(card: Card): void;
  /** What a message asks, as long as this process knows. */
  approvalOf(messageId: string): string | undefined;
  /** Puts what became of it in the place of the buttons. Never rejects. */
  close(
    thread: ThreadRef,
    outcome: ApprovalOutcome,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

export interface Card {
  readonly thread: ThreadRef;
  readonly key: string;
  readonly approvalId: string;
  readonly channelId: string;
  readonly messageId: string;
  readonly components: readonly unknown[];
}

type Shown = Pick<Card, "channelId" | "messageId" | "components">;

export function createCards({
  api,
  botId,
  clock,
  log,
}: {
  readonly api: DiscordApi;
  readonly clock: Clock;
  readonly botId: (options: { readonly signal: AbortSignal }) => Promise<string>;
  readonly log: Logger;
}): Cards {
  const byKey = remembering<Card>(maxCards);
  const byMessage = remembering<string>(maxCards);
  /** Of another process, or from before this one. */
  const find = async (
    thread: ThreadRef,
    key: string,
    signal: AbortSignal,
  ): Promise<Shown | undefined> => {
    const bot = await botId({ signal });
    const { parts, channelId } = await lookFor({ thread, key }, { api, signal, botId: bot });
    const messageId = [...parts.values()].at(-1);
    if (messageId === undefined) return undefined;
    const answer = await api.call("GET", `/channels/${channelId}/messages/${messageId}`, {
      signal,
    });
    const { components } = z.object({ components: z.array(z.unknown()) }).parse(answer);
    return { channelId, messageId, components };
  };
  return {
    posted(card) {
      byKey.set(`${threadId(card.thread)} ${card.key}`, card);
      byMessage.set(card.messageId, card.approvalId);
    },
    approvalOf: (messageId) => byMessage.get(messageId),
    async close(thread, outcome, { signal }) {
      try {
        const known = byKey.get(`${threadId(thread)} ${outcome.key}`);
        const card: Shown | undefined = known ?? (await find(thread, outcome.key, signal));
        // One without buttons has said it already.
        if (!card || !hasButtons(card.components)) return;
        const { channelId, messageId, components } = card;
        const body = {
          components: closedCard(components, outcome),
          allowed_mentions: { parse: [] },
        };
        // In a thread that was archived nothing is changed, until what follows there revives it.
        await patiently(
          () => api.call("PATCH", `/channels/${channelId}/messages/${messageId}`, { body, signal }),
          { clock, signal, passing: [codes.threadArchived] },
        );
        byKey.delete(`${threadId(thread)} ${outcome.key}`);
      } catch (error) {
        log.debug({ error: messageOf(error) }, "Buttons were left on an answered question");
      }
    },
  };
}

const maxCards = 1000;
