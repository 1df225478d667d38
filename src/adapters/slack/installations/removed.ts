import { z } from "zod";

/** When the bot was removed from its workspace, milliseconds since the epoch; undefined for any other event. */
export function removedAt(body: unknown, botUserId: string): number | undefined {
  const parsed = Removed.safeParse(body);
  if (!parsed.success) return undefined;
  const { event, event_time } = parsed.data;
  const isRemoved = event.type === "app_uninstalled" || event.tokens.bot.includes(botUserId);
  return isRemoved ? event_time * 1000 : undefined;
}

const Removed = z.object({
  event_time: z.number(),
  event: z.discriminatedUnion("type", [
    z.object({ type: z.literal("app_uninstalled") }),
    z.object({
      type: z.literal("tokens_revoked"),
      tokens: z.object({ bot: z.array(z.string()).default([]) }),
    }),
  ]),
});
