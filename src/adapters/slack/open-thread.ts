import { z } from "zod";

import type { ThreadRef } from "../../core/ids.ts";
import type { ThreadOpening } from "../adapter.ts";
import type { SlackApi } from "./api.ts";
import { blocksOf } from "./blocks.ts";

/** Begins a thread by a message in the channel: its `ts` is the thread's. What it carries in its metadata tells it later. */
export async function openThread(
  opening: ThreadOpening,
  {
    api,
    botId,
    signal,
  }: { readonly api: SlackApi; readonly botId: string; readonly signal: AbortSignal },
): Promise<ThreadRef> {
  const { channel, key, markdown, since } = opening;
  const known =
    since === undefined ? undefined : await find(opening, since, { api, botId, signal });
  if (known !== undefined) return { ...channel, thread: known };
  const shown = blocksOf(markdown).slice(0, maxBlocks);
  const answer = await api.call(
    "chat.postMessage",
    {
      channel: channel.channel,
      text: shown[0]?.text ?? opening.title,
      blocks: shown.map(({ block }) => block),
      metadata: { event_type: eventType, event_payload: { key } },
      unfurl_links: false,
      unfurl_media: false,
    },
    { signal },
  );
  return { ...channel, thread: z.object({ ts: z.string() }).parse(answer).ts };
}

/** Slack's clock may be another one. */
const clocksDifferMs = 5 * 60_000;
const maxBlocks = 10;
const eventType = "opsthread_thread";

async function find(
  { channel, key }: ThreadOpening,
  since: number,
  {
    api,
    botId,
    signal,
  }: { readonly api: SlackApi; readonly botId: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const oldest = String(Math.max(0, since - clocksDifferMs) / 1000);
  let cursor: string | undefined;
  do {
    const page = { channel: channel.channel, oldest, limit: 200, include_all_metadata: true };
    const answer = await api.call(
      "conversations.history",
      { ...page, ...(cursor !== undefined && { cursor }) },
      { signal, waitMs: 10_000 },
    );
    const { messages, response_metadata } = History.parse(answer);
    const found = messages.find(
      ({ bot_id, metadata }) =>
        bot_id === botId &&
        metadata?.event_type === eventType &&
        metadata.event_payload["key"] === key,
    );
    if (found) return found.ts;
    cursor = response_metadata?.next_cursor || undefined;
  } while (cursor !== undefined);
  return undefined;
}

const History = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      bot_id: z.string().optional(),
      metadata: z
        .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
        .optional()
        .catch(undefined),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
