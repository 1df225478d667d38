import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { DiscordApi } from "./api.ts";
import { codes } from "./failures.ts";
import { text } from "./layout.ts";
import { removeLeftovers } from "./leftovers.ts";
import { progressMark } from "./mark.ts";
import { patiently } from "./patiently.ts";
import { beneath, type Places } from "./places.ts";
import { quiet } from "./posts.ts";
import { remembering } from "./remembering.ts";
import { textsOf } from "./texts.ts";

/** A message that shows what a turn does. */
export interface Line {
  readonly channelId: string;
  readonly isOwnThread: boolean;
  readonly messageId: string;
  /** When the bot was last seen writing. */
  readonly typedAt: number;
}

export interface ProgressLineOptions {
  readonly api: DiscordApi;
  readonly places: Places;
  readonly botId: (options: { readonly signal: AbortSignal }) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Shows, changes or removes a line: what it was, and what it is to say; undefined for none. */
export type ChangeLine = (
  thread: ThreadRef,
  change: {
    readonly line: Line | undefined;
    readonly markdown: string | undefined;
    /** A killed process may have left one. */
    readonly isTakenUp: boolean;
  },
) => Promise<Line | undefined>;

export function progressLine({
  api,
  places,
  botId,
  clock,
  log,
  signal: ended,
}: ProgressLineOptions & { readonly signal: AbortSignal }): ChangeLine {
  const begin = (thread: ThreadRef, components: readonly object[]): Promise<Line> =>
    places.at(
      thread,
      async (place) => {
        const { channelId, isOwn = false } = place;
        const answer = await api.call("POST", `/channels/${channelId}/messages`, {
          body: { ...quiet, flags: quiet.flags | silent, components, ...beneath(place) },
          signal: ended,
        });
        const messageId = z.object({ id: z.string() }).parse(answer).id;
        return { channelId, messageId, isOwnThread: isOwn, typedAt: clock.now() };
      },
      { signal: ended },
    );
  const own = new Set<string>();
  const tidied = remembering<true>(maxTidied);
  const tidy = async (channelId: string): Promise<void> => {
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
  return async (thread, { line, markdown, isTakenUp }) => {
    if (markdown === undefined) {
      if (!line) {
        if (isTakenUp)
          await places.at(thread, ({ channelId }) => tidy(channelId), { signal: ended });
        return undefined;
      }
      const { channelId, messageId } = line;
      // A line may be left out, but not be left behind: its end waits as long as Discord asks, and for the answer, which
      // revives a thread that was archived meanwhile.
      await patiently(
        () => api.call("DELETE", `/channels/${channelId}/messages/${messageId}`, { signal: ended }),
        { clock, signal: ended, passing: [codes.threadArchived] },
      );
      own.delete(line.messageId);
      return undefined;
    }
    const shown = `-# ⏳ ${(textsOf(markdown)[0] ?? "…").replaceAll(/\s+/g, " ").slice(0, maxLine)}`;
    const components = [{ ...text(shown), id: progressMark }];
    if (!line) {
      const begun = await begin(thread, components);
      const { channelId, messageId, isOwnThread } = begun;
      own.add(messageId);
      if (isTakenUp || !(isOwnThread || tidied.get(channelId))) await tidy(channelId);
      return begun;
    }
    await api.call("PATCH", `/channels/${line.channelId}/messages/${line.messageId}`, {
      body: { components, allowed_mentions: { parse: [] } },
      signal: ended,
    });
    return type(line);
  };
}

/** Nobody is notified of a line that will go away: https://discord.com/developers/docs/resources/message#message-object-message-flags */
const silent = 1 << 12;
const maxLine = 500;
const maxTidied = 5000;
/** The sign of somebody writing lasts ten seconds. */
const typingMs = 9000;
