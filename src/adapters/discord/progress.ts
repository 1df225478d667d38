import { setMaxListeners } from "node:events";

import { z } from "zod";

import { abortable } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import { stableKey, threadId, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { DiscordApi } from "./api.ts";
import { codes, discordCode } from "./failures.ts";
import { text } from "./layout.ts";
import { removeLeftovers } from "./leftovers.ts";
import { progressMark } from "./mark.ts";
import type { Places } from "./places.ts";
import { quiet } from "./posts.ts";
import { remembering } from "./remembering.ts";
import { textsOf } from "./texts.ts";

/** The live lines of turns: one message each, changed, and deleted in the end. */
export interface ProgressLines extends AsyncDisposable {
  show(
    thread: ThreadRef,
    progress: { readonly key: string; readonly markdown: string | undefined },
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

export interface ProgressOptions {
  readonly api: DiscordApi;
  readonly places: Places;
  readonly botId: (options: { readonly signal: AbortSignal }) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Line {
  readonly channelId: string;
  readonly isOwnThread: boolean;
  readonly messageId: string;
  /** When the bot was last seen writing. */
  readonly typedAt: number;
}

export function createProgressLines({
  api,
  places,
  botId,
  clock,
  log,
}: ProgressOptions): ProgressLines {
  /** What becomes of each line: its message, once it has one. */
  const lines = new Map<string, Promise<Line | undefined>>();
  const newest = new Map<string, object>();
  const ending = new AbortController();
  // All that goes on listens.
  setMaxListeners(0, ending.signal);
  const { signal: ended } = ending;

  const begin = (thread: ThreadRef, components: readonly object[]): Promise<Line> =>
    places.at(
      thread,
      async ({ channelId, replyTo, isOwn = false }) => {
        const reference = replyTo !== undefined && {
          message_reference: { message_id: replyTo, fail_if_not_exists: false },
        };
        const answer = await api.call("POST", `/channels/${channelId}/messages`, {
          body: { ...quiet, flags: quiet.flags | silent, components, ...reference },
          signal: ended,
        });
        const messageId = z.object({ id: z.string() }).parse(answer).id;
        return { channelId, messageId, isOwnThread: isOwn, typedAt: clock.now() };
      },
      { signal: ended },
    );
  const own = new Set<string>();
  const tidied = remembering<true>(maxTidied);
  const tidy = async ({ channelId, messageId, isOwnThread }: Line): Promise<void> => {
    own.add(messageId);
    if (isOwnThread || tidied.get(channelId)) return;
    tidied.set(channelId, true);
    try {
      const bot = await botId({ signal: ended });
      const isOwn = (id: string): boolean => own.has(id);
      await removeLeftovers(channelId, { api, botId: bot, isOwn, signal: ended });
    } catch (error) {
      log.debug({ error: messageOf(error) }, "Old progress lines were left");
    }
  };
  /** That it goes on, also where the line stays the same for long. */
  const type = async (line: Line): Promise<Line> => {
    if (clock.now() - line.typedAt < typingMs) return line;
    await api.call("POST", `/channels/${line.channelId}/typing`, { signal: ended }).catch(() => {}); // Only a sign.
    return { ...line, typedAt: clock.now() };
  };
  const change = async (
    thread: ThreadRef,
    line: Line | undefined,
    markdown: string | undefined,
  ): Promise<Line | undefined> => {
    if (markdown === undefined) {
      if (!line) return undefined;
      await remove(line, { api, clock, signal: ended });
      own.delete(line.messageId);
      return undefined;
    }
    const shown = `-# ⏳ ${(textsOf(markdown)[0] ?? "…").replaceAll(/\s+/g, " ").slice(0, maxLine)}`;
    const components = [{ ...text(shown), id: progressMark }];
    if (!line) {
      const begun = await begin(thread, components);
      await tidy(begun);
      return begun;
    }
    await api.call("PATCH", `/channels/${line.channelId}/messages/${line.messageId}`, {
      body: { components, allowed_mentions: { parse: [] } },
      signal: ended,
    });
    return type(line);
  };

  return {
    async show(thread, { key, markdown }, { signal }) {
      signal.throwIfAborted();
      const id = stableKey(threadId(thread), key);
      if (markdown === undefined && !lines.has(id)) return;
      const ticket = {};
      newest.set(id, ticket);
      // One after the other, also where nobody waits any more: a line must be known to be deleted.
      const before = lines.get(id) ?? Promise.resolve(undefined);
      const after = before.then(async (line) => {
        // Something newer waits: of several only the last one is shown.
        if (newest.get(id) !== ticket) return line;
        try {
          return await change(thread, line, markdown);
        } catch (error) {
          log.debug({ error: messageOf(error) }, "Progress was not shown");
          return discordCode(error) === codes.unknownMessage ? undefined : line;
        }
      });
      lines.set(id, after);
      const forget = (): void => {
        if (markdown !== undefined || lines.get(id) !== after) return;
        lines.delete(id);
        newest.delete(id);
      };
      await abortable(after.then(forget), signal);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(lines.values());
    },
  };
}

/** Nobody is notified of a line that will go away: https://discord.com/developers/docs/resources/message#message-object-message-flags */
const silent = 1 << 12;
const maxLine = 500;
const maxTidied = 5000;
/** The sign of somebody writing lasts ten seconds. */
const typingMs = 9000;

/** A line may be left out, but not be left behind: its end waits as long as Discord asks. */
async function remove(
  { channelId, messageId }: Line,
  {
    api,
    clock,
    signal,
  }: { readonly api: DiscordApi; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await api.call("DELETE", `/channels/${channelId}/messages/${messageId}`, { signal });
      return;
    } catch (error) {
      if (!isOpsthreadError(error, "ADAPTER_RATE_LIMITED") || tries === maxTries) throw error;
      await clock.sleep(Number(error.data["retryAfterMs"]), { signal });
    }
  }
}

const maxTries = 5;
