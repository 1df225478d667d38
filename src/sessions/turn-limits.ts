import type { Message } from "../core/message.ts";
import type { TurnLimit } from "./turnstile.ts";

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
