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
    try {
      const asked = beginnings.get(thread) ?? (await contentOf(api, ref, signal));
      await api.call("POST", `/channels/${channel}/messages/${thread}/threads`, {
        body: { name: threadName(asked), auto_archive_duration: 1440 },
        signal,
      });
    } catch (error) {
      if (discordCode(error) === codes.threadExists) return { channelId: thread };
      if (!isOpsthreadError(error, "ADAPTER_POST_REJECTED", "ADAPTER_POST_FAILED")) throw error;
      // A voice channel's chat has no threads, and not every bot may open one: the answers go beneath the message.
      if (discordCode(error) !== undefined) return { channelId: channel, replyTo: thread };
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

/** What was asked in the message that a thread begins at. */
async function contentOf(
  api: DiscordApi,
  { channel, thread }: ThreadRef,
  signal: AbortSignal,
): Promise<string> {
  const answer = await api.call("GET", `/channels/${channel}/messages/${thread}`, { signal });
  return z.object({ content: z.string().default("") }).parse(answer).content;
}
