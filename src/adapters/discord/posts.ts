import { z } from "zod";

import { isOpsthreadError } from "../../core/errors.ts";
import { stableKey, threadId, type ThreadRef } from "../../core/ids.ts";
import type { Adapter } from "../adapter.ts";
import type { DiscordApi } from "./api.ts";
import type { FileLimits } from "./artifacts.ts";
import type { Cards } from "./cards.ts";
import { codes, discordCode } from "./failures.ts";
import { type Shown, text } from "./layout.ts";
import { markOf } from "./mark.ts";
import { type Part, partsOf } from "./parts.ts";
import { beneath, type Places } from "./places.ts";
import { lookFor, wholeOf } from "./posted.ts";
import { remembering } from "./remembering.ts";

/** Posts and their finding again. */
export interface Posts {
  readonly send: Adapter["post"];
  readonly find: Adapter["findPost"];
}

export interface PostsOptions {
  readonly api: DiscordApi;
  readonly places: Places;
  readonly botId: (options: { readonly signal: AbortSignal }) => Promise<string>;
  readonly limits: (thread: ThreadRef) => FileLimits;
  readonly cards: Cards;
}

/**
 * A post may be several messages. Each has a nonce, so that sending it again within minutes is no second one, and a mark,
 * by which it is found later. What is there of a post that was broken off is remembered, or found, and only the rest is sent.
 */
export function createPosts({ api, places, botId, limits, cards }: PostsOptions): Posts {
  const begun = remembering<Map<number, string>>(maxBegun);
  const send = async (
    thread: ThreadRef,
    message: Part,
    {
      key,
      part,
      signal,
    }: { readonly key: string; readonly part: number; readonly signal: AbortSignal },
  ): Promise<Sent> => {
    const body = { ...quiet, nonce: nonceOf(thread, key, part), enforce_nonce: true };
    const answer = await places.at(
      thread,
      (place) =>
        api.call("POST", `/channels/${place.channelId}/messages`, {
          body: { ...body, components: message.components, ...beneath(place) },
          ...(message.files.length > 0 && { files: message.files }),
          signal,
        }),
      { signal },
    );
    return Sent.parse(answer);
  };

  return {
    async send(post, { signal, open }) {
      signal.throwIfAborted();
      const { key, thread } = post;
      const parts = await partsOf(post, { open, limits: limits(thread), signal });
      const sent = begun.get(keyOf(thread, key)) ?? new Map<number, string>();
      for (const [part, given] of parts.entries()) {
        if (sent.has(part)) continue;
        const mark = markOf(key, { part, isLast: part === parts.length - 1 });
        const message = { ...given, components: withMark(given.components, mark) };
        const { id, channel_id } = await send(thread, message, { key, part, signal }).catch(
          (error: unknown) => {
            // The text matters most: what is wrong with the files must not have the post put aside.
            const isRefused =
              isOpsthreadError(error, "ADAPTER_POST_REJECTED") ||
              discordCode(error) === codes.missingPermissions;
            if (!isRefused || given.files.length === 0) throw error;
            const bare = withMark([...given.texts, text(notTaken)], mark);
            return send(thread, { files: [], texts: [], components: bare }, { key, part, signal });
          },
        );
        sent.set(part, id);
        if (post.approval && part === parts.length - 1) {
          const { approvalId } = post.approval;
          const { components } = message;
          cards.posted({
            thread,
            key,
            approvalId,
            channelId: channel_id,
            messageId: id,
            components,
          });
        }
        begun.set(keyOf(thread, key), sent);
      }
      begun.delete(keyOf(thread, key));
      return { messageId: sent.get(0) ?? "" };
    },

    async find(thread, key, { signal }) {
      const posted = await lookFor(
        { thread, key },
        { api, signal, botId: await botId({ signal }) },
      );
      const whole = wholeOf(posted);
      if (whole || posted.parts.size === 0) begun.delete(keyOf(thread, key));
      else begun.set(keyOf(thread, key), posted.parts);
      return whole;
    },
  };
}

const Sent = z.object({ id: z.string(), channel_id: z.string() });
type Sent = z.infer<typeof Sent>;

const maxBegun = 1000;
const notTaken = "-# 📎 Discord did not take the files of this answer.";
const keyOf = (thread: ThreadRef, key: string): string => `${threadId(thread)} ${key}`;

/** Components instead of content, and nobody is called, whatever is written. */
export const quiet = { flags: 1 << 15, allowed_mentions: { parse: [] } } as const;

/** https://discord.com/developers/docs/resources/message#create-message: at most 25 characters. */
const nonceOf = (thread: ThreadRef, key: string, part: number): string =>
  stableKey("nonce", threadId(thread), key, part);

const withMark = ([first = text("📎"), ...rest]: Shown, id: number): Shown => [
  { ...first, id },
  ...rest,
];
