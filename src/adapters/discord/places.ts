import { z } from "zod";

import { isOpsthreadError } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { DiscordApi } from "./api.ts";
import { codes, discordCode } from "./failures.ts";
import { remembering } from "./remembering.ts";
import { threadName } from "./thread-name.ts";

/** Where the messages of a thread go. */
export interface Place {
  readonly channelId: string;
  /** Where no thread can be: the message that it would have begun at. */
  readonly replyTo?: string;
  /** Whether that surely was said there. If it is not, nothing may be: the thread may have been a private one. */
  readonly isSeen?: boolean;
  /** Whether this process opened it: nothing is in it that another one left. */
  readonly isOwn?: boolean;
}

/** Finds the channel of a thread. A thread that begins at a message has its id, and is opened when something goes into it. */
export interface Places {
  /** A message that has no thread yet asked for something. */
  begins(thread: ThreadRef, asked: string): void;
  /** Where the thread's messages are; undefined where it was not opened. */
  known(thread: ThreadRef): Place | undefined;
  /** Runs `send` at the thread's place, which is opened where it is not there. */
  at<Sent>(
    thread: ThreadRef,
    send: (place: Place) => Promise<Sent>,
    options: { readonly signal: AbortSignal },
  ): Promise<Sent>;
}

export function createPlaces(api: DiscordApi): Places {
  const places = remembering<Place>(maxPlaces);
  const beginnings = remembering<string>(maxPlaces);

  /** Threads are never renamed, and this is asked once for each. */
  const open = async (
    ref: ThreadRef,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Place> => {
    const { channel, thread } = ref;
    const isSeen = beginnings.get(thread) !== undefined;
    const begin = (name: string): Promise<unknown> =>
      api.call("POST", `/channels/${channel}/messages/${thread}/threads`, {
        body: { name, auto_archive_duration: 1440 },
        signal,
      });
    try {
      const asked = beginnings.get(thread) ?? (await contentOf(api, ref, signal));
      await begin(threadName(asked)).catch((error: unknown) => {
        // The server's own rules for words, or Discord's.
        const isName = [codes.moderatedTitle, codes.invalidForm].some(
          (code) => code === discordCode(error),
        );
        if (!isName) throw error;
        return begin(threadName(""));
      });
    } catch (error) {
      if (discordCode(error) === codes.threadExists) return { channelId: thread };
      // A voice channel's chat has no threads, and not every bot may open one: the answers go beneath the message.
      if (mayNot(error)) return { channelId: channel, replyTo: thread, isSeen };
      throw error;
    }
    return { channelId: thread, isOwn: true };
  };
  const opened = async (
    ref: ThreadRef,
    options: { readonly signal: AbortSignal },
  ): Promise<Place> => {
    const place = await open(ref, options);
    places.set(ref.thread, place);
    beginnings.delete(ref.thread);
    return place;
  };

  return {
    begins: ({ thread }, asked) => beginnings.set(thread, asked),
    known: ({ thread }) =>
      places.get(thread) ??
      (beginnings.get(thread) === undefined ? { channelId: thread } : undefined),
    async at(ref, send, options) {
      const isNew = beginnings.get(ref.thread) !== undefined;
      const place = places.get(ref.thread) ?? (isNew ? await opened(ref, options) : undefined);
      try {
        return await send(place ?? { channelId: ref.thread });
      } catch (error) {
        const isMissing =
          place?.replyTo === undefined && discordCode(error) === codes.unknownChannel;
        if (!isMissing || ref.thread === ref.channel) throw error;
        return send(await opened(ref, options));
      }
    },
  };
}

const maxPlaces = 10_000;

/** Whether a thread can't be opened there, now or ever. */
function mayNot(error: unknown): boolean {
  const code = discordCode(error);
  if (code === undefined || code === codes.unknownChannel) return false;
  return isOpsthreadError(error, "ADAPTER_POST_REJECTED") || noThreads.has(code);
}

const noThreads: ReadonlySet<number> = new Set([
  codes.missingAccess,
  codes.missingPermissions,
  codes.tooManyThreads,
  codes.tooManyNewsThreads,
]);

/** What makes a message one beneath another. */
export const beneath = ({ replyTo, isSeen = false }: Place): object =>
  replyTo === undefined
    ? {}
    : { message_reference: { message_id: replyTo, fail_if_not_exists: !isSeen } };

/** What was asked in the message that a thread begins at. */
async function contentOf(
  api: DiscordApi,
  { channel, thread }: ThreadRef,
  signal: AbortSignal,
): Promise<string> {
  const answer = await api
    .call("GET", `/channels/${channel}/messages/${thread}`, { signal })
    .catch((error: unknown) => {
      // What the bot may not read has a thread with a name of its own.
      if (discordCode(error) === codes.missingAccess) return {};
      throw error;
    });
  return z.object({ content: z.string().default("") }).parse(answer).content;
}
