import { z } from "zod";

import { messageOf } from "../../core/errors.ts";
import { directWorkspace } from "./channels.ts";
import type { EventOptions } from "./event-options.ts";
import { discordCode } from "./failures.ts";
import { type Named, type Posted, postedMessage } from "./messages.ts";
import { patiently } from "./patiently.ts";
import { givenAt, snowflake } from "./snowflake.ts";
import { takingTurns } from "./taking-turns.ts";

/**
 * Reads what was said while the bot was away. Discord tells a bot that comes back within minutes what it missed, but not
 * one that was restarted. What was stored before is known by its id, so that nothing is done twice.
 */
export interface Missed {
  /** In the channels and threads of a guild, which Discord tells of when a session begins. */
  inGuild(guild: unknown): void;
  /** To the bot alone. Discord doesn't tell in which channels, so those are read that have a session. */
  directly(ready: unknown): void;
}

export function createMissed(
  options: EventOptions & {
    readonly named: Named;
    readonly take: (posted: Posted) => Promise<void>;
    readonly mayRead: (channelId: string) => boolean;
  },
): Missed {
  const { inbound, receiver, clock, mayRead } = options;
  const inTurn = takingTurns(maxAtOnce);
  const since = (): number => clock.now() - lookBackMs;
  const read = (id: string, guildId: string | undefined): void =>
    receiver.inOrder(id, () =>
      inTurn(async () => {
        // Discord tells of all channels, and counts what it refuses.
        if (mayRead(id)) await readChannel({ id, guildId, since: since() }, options);
      }),
    );
  return {
    inGuild(guild) {
      const parsed = Guild.safeParse(guild);
      if (!parsed.success) return;
      const { id: guildId, channels, threads } = parsed.data;
      for (const { id, type, last_message_id } of [...channels, ...threads]) {
        // A forum's last message is its last thread.
        if (!last_message_id || forums.has(type)) continue;
        if (givenAt(last_message_id) >= since()) read(id, guildId);
      }
    },
    directly(ready) {
      // Direct messages are told to the first shard.
      if (Ready.safeParse(ready).data?.shard[0] !== 0) return;
      receiver.inOrder("direct", async () => {
        const threads = (await inbound.threads?.({ limit: maxSessions })) ?? [];
        for (const { platform, workspace, channel } of threads)
          if (platform === "discord" && workspace === directWorkspace) read(channel, undefined);
      });
    },
  };
}

/** Like Slack, which tells again for some minutes what nobody took. */
const lookBackMs = 10 * 60_000;
const maxPages = 5;
/** So that the bot's own posts find room in Discord's limit for all calls. */
const maxAtOnce = 4;
const maxSessions = 1000;

async function readChannel(
  {
    id: channelId,
    guildId,
    since,
  }: {
    readonly id: string;
    readonly guildId: string | undefined;
    readonly since: number;
  },
  { api, named, clock, log, signal, take }: Parameters<typeof createMissed>[0],
): Promise<void> {
  const missed: Posted[] = [];
  let before: string | undefined;
  try {
    for (let pages = 0; pages < maxPages; pages += 1) {
      const query = { limit: "100", ...(before !== undefined && { before }) };
      const answer = await patiently(
        () => api.call("GET", `/channels/${channelId}/messages`, { query, signal }),
        { clock, signal },
      );
      const page = z.array(z.looseObject({ id: snowflake })).parse(answer);
      const recent = page.filter(({ id }) => givenAt(id) >= since);
      // What is read has no guild in it.
      const posted = recent.map((message) =>
        postedMessage({ ...message, guild_id: guildId }, named),
      );
      missed.push(...posted.filter((each) => each !== undefined));
      before = page.at(-1)?.id;
      if (recent.length < 100) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    // Where the bot may not look, there is nothing for it.
    const level = discordCode(error) === undefined ? "warn" : "debug";
    log[level]({ channelId, error: messageOf(error) }, "What was missed could not be read");
  }
  for (const posted of missed.toReversed()) await take(posted);
}

const forums: ReadonlySet<number> = new Set([15, 16]);
const Channel = z.object({
  id: z.string(),
  type: z.number().int().default(0),
  last_message_id: snowflake.nullish(),
});
const Guild = z.object({
  id: z.string(),
  channels: z.array(Channel).default([]),
  threads: z.array(Channel).default([]),
});
const Ready = z.object({ shard: z.tuple([z.number(), z.number()]).default([0, 1]) });
