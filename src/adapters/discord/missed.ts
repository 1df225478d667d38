import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { DiscordApi } from "./api.ts";
import type { Identity } from "./identity.ts";
import { givenAt, type Posted, postedMessage } from "./messages.ts";
import type { Receiver } from "./receive.ts";

export interface MissedOptions {
  readonly api: DiscordApi;
  readonly receiver: Receiver;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly take: (posted: Posted) => Promise<void>;
}

/**
 * Reads what was said in a guild while the bot was away. Discord tells a bot that comes back within minutes what it missed,
 * but not one that was restarted. What was stored before is known by its id, so that nothing is done twice.
 */
export function missedIn(guild: unknown, options: MissedOptions): void {
  const parsed = Guild.safeParse(guild);
  if (!parsed.success) return;
  const since = Date.now() - lookBackMs;
  const { id: guildId, channels, threads } = parsed.data;
  for (const { id, last_message_id } of [...channels, ...threads]) {
    if (!last_message_id || givenAt(last_message_id) < since) continue;
    options.receiver.inOrder(id, () => readChannel({ id, guildId, since }, options));
  }
}

/** Like Slack, which tells again for some minutes what nobody took. */
const lookBackMs = 10 * 60_000;
const maxPages = 5;

async function readChannel(
  {
    id: channelId,
    guildId,
    since,
  }: { readonly id: string; readonly guildId: string; readonly since: number },
  { api, identity, log, signal, take }: MissedOptions,
): Promise<void> {
  const missed: Posted[] = [];
  let before: string | undefined;
  try {
    for (let pages = 0; pages < maxPages; pages += 1) {
      const query = { limit: "100", ...(before !== undefined && { before }) };
      const answer = await api.call("GET", `/channels/${channelId}/messages`, { query, signal });
      const page = z.array(z.looseObject({ id: z.string() })).parse(answer);
      const recent = page.filter(({ id }) => givenAt(id) >= since);
      // What is read has no guild in it.
      const posted = recent.map((message) =>
        postedMessage({ ...message, guild_id: guildId }, identity),
      );
      missed.push(...posted.filter((each) => each !== undefined));
      before = page.at(-1)?.id;
      if (recent.length < 100) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    log.debug({ channelId, error: messageOf(error) }, "What was missed could not be read");
  }
  for (const posted of missed.toReversed()) await take(posted);
}

const Channel = z.object({ id: z.string(), last_message_id: z.string().regex(/^\d+$/).nullish() });
const Guild = z.object({
  id: z.string(),
  channels: z.array(Channel).default([]),
  threads: z.array(Channel).default([]),
});
