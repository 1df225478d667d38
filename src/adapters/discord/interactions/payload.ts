import { z } from "zod";

import type { Actor } from "../../../core/message.ts";
import { type ChannelFacts, threads } from "../channels.ts";
import { Author, Member } from "../messages.ts";
import { snowflake } from "../snowflake.ts";
import { type Did, didOf } from "./did.ts";

/** What every interaction says: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly channelId: string;
  readonly facts: ChannelFacts;
  /** Beneath which message that is which was pressed: where no threads are, its thread is known by that. */
  readonly beneath: string | undefined;
  readonly actor: Actor;
  readonly did: Did;
}

/** Reads an interaction; undefined for kinds that nobody asked for. */
export function interactionOf(given: unknown): Interaction | undefined {
  const parsed = Given.safeParse(given);
  if (!parsed.success) return undefined;
  const { id, token, channel, channel_id, guild_id, member, user, message, ...rest } = parsed.data;
  const person = member?.user ?? user;
  const channelId = channel_id ?? channel?.id;
  const did = didOf(rest);
  if (!person || channelId === undefined || !did) return undefined;
  return {
    id,
    token,
    channelId,
    facts: {
      isThread: channel !== undefined && threads.has(channel.type),
      parentId: channel && threads.has(channel.type) ? (channel.parent_id ?? undefined) : undefined,
      guildId: guild_id,
    },
    beneath: message?.message_reference?.message_id ?? message?.id,
    actor: {
      id: person.id,
      name: member?.nick ?? person.global_name ?? person.username,
      roles: member?.roles ?? [],
    },
    did,
  };
}

const Given = z.object({
  id: snowflake,
  token: z.string().min(1),
  type: z.number().int(),
  guild_id: z.string().optional(),
  channel_id: z.string().optional(),
  channel: z
    .object({ id: z.string(), type: z.number().int(), parent_id: z.string().nullish() })
    .optional(),
  member: Member.extend({ user: Author }).optional(),
  user: Author.optional(),
  data: z.unknown().optional(),
  message: z
    .object({
      id: snowflake,
      message_reference: z.object({ message_id: snowflake.optional() }).nullish(),
    })
    .nullish()
    .catch(undefined),
});
