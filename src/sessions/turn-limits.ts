import { z } from "zod";

import type { Message } from "../core/message.ts";
import type { TurnLimit } from "./turnstile.ts";

/** How many turns run side by side; a number is that of one process. Others wait, in the order in which they were asked for. */
export const Concurrency = z.union([
  z.number().int().positive(),
  z.strictObject({
    /** In one process. Default 4. */
    worker: z.number().int().positive().exactOptional(),
    /** In one channel, over all processes. Default: as many as come. */
    channel: z.number().int().positive().exactOptional(),
    /** Asked for by one person, over all processes. Default: as many as come. */
    user: z.number().int().positive().exactOptional(),
  }),
]);
export type Concurrency = z.infer<typeof Concurrency>;

/** How many turns run side by side in one channel, and for one person. */
export type TurnLimits = Readonly<Partial<Record<"channel" | "user", number>>>;

/** A limit that a turn counts for. */
export interface ScopedLimit extends TurnLimit {
  readonly of: keyof TurnLimits;
}

/** What a turn in this thread counts for; `actor` is whoever asked for it. */
export function limitsOf(
  { platform, workspace, channel }: Message["thread"],
  actor: Message["actor"] | undefined,
  most: TurnLimits,
): readonly ScopedLimit[] {
  const ids = { channel, user: actor?.id };
  return (["channel", "user"] as const).flatMap((of) => {
    const [id, limit] = [ids[of], most[of]];
    if (id === undefined || limit === undefined) return [];
    const name = [of, ...[platform, workspace, id].map(encodeURIComponent)].join(":");
    return [{ name, most: limit, of }];
  });
}
