import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";

export interface AdoptOptions<Left, Taken> {
  readonly sessionId: string;
  /** Whether it runs and is of the wanted make. */
  readonly fits: (left: Left) => Promise<boolean> | boolean;
  readonly take: (left: Left) => Promise<Taken>;
  readonly remove: (left: Left) => Promise<void>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Takes over the first that fits and answers, of what earlier processes left of a session. All others are removed. */
export async function adoptFirst<Left, Taken>(
  left: readonly Left[],
  { sessionId, fits, take, remove, log, signal }: AdoptOptions<Left, Taken>,
): Promise<Taken | undefined> {
  let taken: Taken | undefined;
  for (const one of left) {
    if (taken === undefined && (await fits(one))) {
      try {
        taken = await take(one);
        continue;
      } catch (error) {
        signal.throwIfAborted();
        log.warn(
          { sessionId, error: messageOf(error) },
          "A running sandbox could not be taken over",
        );
      }
    }
    await remove(one);
  }
  return taken;
}
