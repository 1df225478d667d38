import { z } from "zod";

import { messageOf } from "../../core/errors.ts";
import { threadId, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { ApprovalDecided } from "../adapter.ts";
import type { DiscordApi } from "./api.ts";
import { decidedCard } from "./decided.ts";
import { lookFor } from "./posted.ts";
import { remembering } from "./remembering.ts";

/** Questions with buttons. */
export interface Cards {
  posted(card: Card): void;
  /** What a message asks, as long as this process knows. */
  approvalOf(messageId: string): string | undefined;
  /** Puts what was decided in the place of the buttons. Never rejects. */
  close(
    thread: ThreadRef,
    decided: ApprovalDecided,
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
  log,
}: {
  readonly api: DiscordApi;
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
    async close(thread, { key, choice, by }, { signal }) {
      try {
        const known = byKey.get(`${threadId(thread)} ${key}`);
        const card: Shown | undefined = known ?? (await find(thread, key, signal));
        if (!card) return;
        const { channelId, messageId, components } = card;
        const body = {
          components: decidedCard(components, { choice, by: `<@${by.id}>` }),
          allowed_mentions: { parse: [] },
        };
        await api.call("PATCH", `/channels/${channelId}/messages/${messageId}`, { body, signal });
      } catch (error) {
        log.debug({ error: messageOf(error) }, "Buttons were left on an answered question");
      }
    },
  };
}

const maxCards = 1000;
