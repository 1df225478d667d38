import { z } from "zod";

import type { ThreadRef } from "../../core/ids.ts";
import type { DiscordApi } from "./api.ts";
import { codes, discordCode } from "./failures.ts";
import { markOf } from "./mark.ts";

/** How much of a post is in its thread. */
export interface Posted {
  /** The ids of its messages, by their place in the post. */
  readonly parts: Map<number, string>;
  /** Whether the last of them is among them. */
  readonly hasLast: boolean;
  /** Where they are. */
  readonly channelId: string;
}

/** The first message's id, once all of the post is there. */
export function wholeOf({ parts, hasLast }: Posted): { readonly messageId: string } | undefined {
  const messageId = parts.get(0);
  // They are sent in their order.
  return messageId !== undefined && hasLast ? { messageId } : undefined;
}

/** Reads the whole thread, and what stands beneath the message that it would have begun at, for what carries `key`. */
export async function lookFor(
  { thread, key }: { readonly thread: ThreadRef; readonly key: string },
  {
    api,
    signal,
    botId,
  }: { readonly api: DiscordApi; readonly signal: AbortSignal; readonly botId: string },
): Promise<Posted> {
  const marks = new Map<number, string>();
  const gather = async (messages: AsyncIterable<Read>): Promise<void> => {
    for await (const { id, author, components } of messages)
      if (author.id === botId) for (const mark of componentIdsOf(components)) marks.set(mark, id);
  };
  await gather(messagesIn(thread.thread, { api, signal }));
  const isElsewhere = marks.size === 0 && thread.thread !== thread.channel;
  if (isElsewhere) await gather(repliesTo(thread, { api, signal }));
  const channelId = isElsewhere ? thread.channel : thread.thread;
  const parts = new Map<number, string>();
  for (let part = 0; part < maxParts; part += 1) {
    const last = marks.get(markOf(key, { part, isLast: true }));
    const found = last ?? marks.get(markOf(key, { part, isLast: false }));
    if (found !== undefined) parts.set(part, found);
    if (last !== undefined) return { parts, hasLast: true, channelId };
    if (found === undefined) break;
  }
  return { parts, hasLast: false, channelId };
}

const maxParts = 100;

async function* messagesIn(
  channelId: string,
  { api, signal }: { readonly api: DiscordApi; readonly signal: AbortSignal },
): AsyncGenerator<Read> {
  let before: string | undefined;
  do {
    const query = { limit: "100", ...(before !== undefined && { before }) };
    const page = await read(api, { channelId, query, signal });
    yield* page;
    before = page.length === 100 ? page.at(-1)?.id : undefined;
  } while (before !== undefined);
}

/** What was said in the channel right after the message: where threads can't be, answers are there. */
async function* repliesTo(
  { channel, thread }: ThreadRef,
  { api, signal }: { readonly api: DiscordApi; readonly signal: AbortSignal },
): AsyncGenerator<Read> {
  if (!/^\d+$/.test(thread)) return;
  for await (const message of messagesAfter({ channelId: channel, after: thread }, { api, signal }))
    if (message.message_reference?.message_id === thread) yield message;
}

/** What was said in a channel after a message, or a time, some thousand at most. */
export async function* messagesAfter(
  { channelId, after }: { readonly channelId: string; readonly after: string },
  { api, signal }: { readonly api: DiscordApi; readonly signal: AbortSignal },
): AsyncGenerator<Read> {
  let from = after;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const query = { limit: "100", after: from };
    const page = await read(api, { channelId, query, signal });
    yield* page;
    if (page.length < 100) return;
    from = page[0]?.id ?? from;
  }
}

const maxPages = 20;

async function read(
  api: DiscordApi,
  {
    channelId,
    query,
    signal,
  }: {
    readonly channelId: string;
    readonly query: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<readonly Read[]> {
  const answer = await api
    .call("GET", `/channels/${channelId}/messages`, { query, signal })
    .catch((error: unknown) => {
      // Where there is no thread, nothing is in it, and nothing is said in a forum outside of threads.
      const code = discordCode(error);
      if (code === codes.unknownChannel || code === codes.notAText) return [];
      throw error;
    });
  return z.array(Read).parse(answer);
}

const Read = z.object({
  id: z.string(),
  author: z.object({ id: z.string() }),
  components: z.array(z.unknown()).default([]),
  message_reference: z.object({ message_id: z.string().optional() }).nullish(),
});
type Read = z.infer<typeof Read>;

/** The ids of components that are not Discord's own. */
export function componentIdsOf(components: readonly unknown[]): readonly number[] {
  return components.flatMap((each) => {
    const parsed = Component.safeParse(each);
    return parsed.success ? [parsed.data.id, ...componentIdsOf(parsed.data.components)] : [];
  });
}

const Component = z.object({
  id: z.number().int(),
  components: z.array(z.unknown()).default([]),
});
