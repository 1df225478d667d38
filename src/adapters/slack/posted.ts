import { z } from "zod";

import { isOpsthreadError } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { SlackApi } from "./api.ts";

/** How much of a post is in its thread. */
export interface Posted {
  /** The ids of its messages, by their place in the post. */
  readonly parts: Map<number, string>;
  /** How many there are in all; undefined where none was found. */
  readonly of: number | undefined;
  /** Files that go with it. */
  readonly files: readonly string[];
  readonly isShared: boolean;
}

/** The first message's id, once all of the post is there. */
export function wholeOf({
  parts,
  of,
  isShared,
}: Posted): { readonly messageId: string } | undefined {
  const messageId = parts.get(0);
  return messageId !== undefined && parts.size === of && isShared ? { messageId } : undefined;
}

/** What each message of a post carries for its later recognition. */
export function markOf(
  key: string,
  {
    part,
    of,
    files,
  }: { readonly part: number; readonly of: number; readonly files: readonly string[] },
): object {
  return {
    event_type: eventType,
    event_payload: { key, part, of, files: files.join(",") },
  };
}

/** The key of the post that a message is a part of. */
export function keyOf(message: { readonly metadata?: unknown }): string | undefined {
  const mark = Mark.safeParse(message.metadata);
  return mark.success ? mark.data.event_payload.key : undefined;
}

/** Reads the whole thread for what carries `key`. */
export async function lookFor(
  { thread, key }: { readonly thread: ThreadRef; readonly key: string },
  {
    api,
    signal,
    botId,
  }: { readonly api: SlackApi; readonly signal: AbortSignal; readonly botId: string },
): Promise<Posted> {
  const parts = new Map<number, string>();
  const shared = new Set<string>();
  let of: number | undefined;
  let files: readonly string[] = [];
  for await (const message of messagesIn(thread, { api, signal })) {
    if (message.bot_id !== botId) continue;
    for (const { id } of message.files) shared.add(id);
    const mark = Mark.safeParse(message.metadata);
    if (!mark.success || mark.data.event_payload.key !== key) continue;
    const { part, of: count, files: listed } = mark.data.event_payload;
    parts.set(part, message.ts);
    of = count;
    files = listed === "" ? [] : listed.split(",");
  }
  return { parts, of, files, isShared: files.every((id) => shared.has(id)) };
}

/** What a thread has, oldest first; nothing where there is none. */
export async function* messagesIn(
  { channel, thread }: ThreadRef,
  {
    api,
    signal,
    isSpare = false,
  }: { readonly api: SlackApi; readonly signal: AbortSignal; readonly isSpare?: boolean },
): AsyncGenerator<z.infer<typeof Replies>["messages"][number]> {
  let cursor: string | undefined;
  do {
    const page = { channel, ts: thread, limit: 200, include_all_metadata: true };
    const answer = await api
      .call(
        "conversations.replies",
        { ...page, ...(cursor && { cursor }) },
        { signal, waitMs, isSpare },
      )
      .catch((error: unknown) => {
        // Where there is no thread, nothing is in it.
        if (isOpsthreadError(error) && error.data["slackError"] === "thread_not_found") return none;
        throw error;
      });
    const { messages, response_metadata } = Replies.parse(answer);
    yield* messages;
    cursor = response_metadata?.next_cursor || undefined;
  } while (cursor !== undefined);
}

const waitMs = 10_000;
const none = { messages: [] };
const eventType = "opsthread_post";

const Mark = z.object({
  event_type: z.literal(eventType),
  event_payload: z.object({
    key: z.string(),
    part: z.number().int().nonnegative(),
    of: z.number().int().positive(),
    files: z.string().default(""),
  }),
});

// Anybody's messages are there. What is odd about one hides no other.
const Replies = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      bot_id: z.string().optional().catch(undefined),
      metadata: z.unknown().optional(),
      files: z.array(z.object({ id: z.string() })).catch([]),
      text: z.string().catch(""),
      blocks: z
        .array(z.looseObject({ type: z.string(), block_id: z.string().optional() }))
        .catch([]),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
