import { z } from "zod";

import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import { stableKey, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { ThreadOpening } from "../adapter.ts";
import type { DiscordApi } from "./api.ts";
import { codes, discordCode } from "./failures.ts";
import { text } from "./layout.ts";
import { markOf } from "./mark.ts";
import type { Places } from "./places.ts";
import { componentIdsOf, messagesAfter } from "./posted.ts";
import { quiet } from "./posts.ts";
import { textsOf } from "./texts.ts";
import { threadName } from "./thread-name.ts";

/** Begins a thread at a message in the channel, whose first component's id tells it later, as with posts. */
export async function openThread(
  opening: ThreadOpening,
  given: {
    readonly api: DiscordApi;
    readonly places: Places;
    readonly botId: string;
    readonly log: Logger;
    readonly signal: AbortSignal;
  },
): Promise<ThreadRef> {
  const { channel, since } = opening;
  const found = since === undefined ? undefined : await find(opening, since, given);
  const thread = { ...channel, thread: found ?? (await begin(opening, given)) };
  await nameThread(thread, opening, given);
  return thread;
}

const markFor = (key: string): number => markOf(`thread ${key}`, { part: 0, isLast: true });

async function begin(
  { channel: { channel }, key, title, markdown }: ThreadOpening,
  { api, signal }: { readonly api: DiscordApi; readonly signal: AbortSignal },
): Promise<string> {
  const [first = title] = textsOf(markdown);
  const answer = await api.call("POST", `/channels/${channel}/messages`, {
    body: {
      ...quiet,
      // Sent again within minutes it is the same one for Discord.
      nonce: stableKey("thread", channel, key),
      enforce_nonce: true,
      components: [{ ...text(first), id: markFor(key) }],
    },
    signal,
  });
  return z.object({ id: z.string() }).parse(answer).id;
}

/** What goes wrong here is no harm: the thread is opened when something goes into it, by another name. */
async function nameThread(
  thread: ThreadRef,
  { title }: ThreadOpening,
  {
    api,
    places,
    log,
    signal,
  }: {
    readonly api: DiscordApi;
    readonly places: Places;
    readonly log: Logger;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  try {
    await api.call("POST", `/channels/${thread.channel}/messages/${thread.thread}/threads`, {
      body: { name: threadName(title), auto_archive_duration: 1440 },
      signal,
    });
  } catch (error) {
    if (discordCode(error) === codes.threadExists) return;
    if (!isOpsthreadError(error)) throw error;
    places.begins(thread, title);
    log.warn({ channel: thread.channel, error: messageOf(error) }, "A thread was not opened yet");
  }
}

/** Discord's clock may be another one. */
const clocksDifferMs = 5 * 60_000;
const discordEpochMs = 1_420_070_400_000;

async function find(
  { channel: { channel }, key }: ThreadOpening,
  since: number,
  {
    api,
    botId,
    signal,
  }: { readonly api: DiscordApi; readonly botId: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const from = Math.max(0, Math.floor(since) - clocksDifferMs - discordEpochMs);
  const after = String(BigInt(from) << 22n);
  const mark = markFor(key);
  for await (const { id, author, components } of messagesAfter(
    { channelId: channel, after },
    { api, signal },
  ))
    if (author.id === botId && componentIdsOf(components).includes(mark)) return id;
  return undefined;
}
