import { setMaxListeners } from "node:events";

import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { DiscordApi } from "./api.ts";
import { text } from "./layout.ts";
import { escaped } from "./markdown.ts";
import { quiet } from "./posts.ts";
import { remembering } from "./remembering.ts";

/** Tells people what is no post: a refusal, or that the bot can't answer where it was asked. */
export interface Teller extends AsyncDisposable {
  /** Not waited for. To the person alone; where that can't be, beneath what they wrote. */
  tell(told: Told): void;
}

export interface Told {
  readonly user: string;
  readonly reason: string;
  /** Where they wrote. */
  readonly channelId: string;
  readonly messageId?: string;
}

export function createTeller({
  api,
  clock,
  log,
}: {
  readonly api: DiscordApi;
  readonly clock: Clock;
  readonly log: Logger;
}): Teller {
  const telling = new Set<Promise<void>>();
  const last = remembering<number>(maxRemembered);
  const ending = new AbortController();
  // All that goes on listens.
  setMaxListeners(0, ending.signal);
  const { signal } = ending;

  const directly = async ({ user, reason, channelId }: Told): Promise<void> => {
    const opened = await api.call("POST", "/users/@me/channels", {
      body: { recipient_id: user },
      signal,
    });
    const { id } = z.object({ id: z.string() }).parse(opened);
    const where = id === channelId ? "" : `<#${channelId}>: `;
    const components = [text(where + escaped(reason))];
    await api.call("POST", `/channels/${id}/messages`, { body: { ...quiet, components }, signal });
  };
  const openly = async ({ channelId, messageId, reason }: Told): Promise<void> => {
    const reference = messageId !== undefined && {
      message_reference: { message_id: messageId, fail_if_not_exists: false },
    };
    const body = { ...quiet, components: [text(escaped(reason))], ...reference };
    await api.call("POST", `/channels/${channelId}/messages`, { body, signal });
  };

  return {
    tell(told) {
      // Opening direct messages again and again is what Discord takes for spam.
      const about = `${told.user} ${told.reason}`;
      const before = last.get(about);
      if (signal.aborted || (before !== undefined && clock.now() - before < quietMs)) return;
      last.set(about, clock.now());
      const done = directly(told)
        .catch(() => openly(told)) // They take no direct messages.
        .catch((error: unknown) => log.warn({ error: messageOf(error) }, "A person was not told"))
        .finally(() => telling.delete(done));
      telling.add(done);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(telling);
    },
  };
}

const quietMs = 60_000;
const maxRemembered = 1000;
