import type { Clock } from "../../core/clock.ts";
import type { PostedEvent } from "./events.ts";

/**
 * Slack tells of one post that names the bot twice, as `message` and as `app_mention`, in any order. The message is the
 * one to take, since a mention may lack its files; but where the app was not subscribed to messages there is only the
 * mention. https://github.com/slackapi/bolt-python/issues/925
 */
export interface ToldTwice {
  /** Runs `deliver` for one of the two, and settles both as that does. */
  settle(event: PostedEvent, deliver: () => Promise<void>): Promise<void>;
}

export function toldTwice({ clock }: { readonly clock: Clock }): ToldTwice {
  const outcomes = new Map<string, Promise<void>>();
  const waiting = new Map<string, AbortController>();

  const begin = (id: string, deliver: () => Promise<void>): Promise<void> => {
    const outcome = deliver();
    outcomes.delete(id);
    outcomes.set(id, outcome);
    // A failed one is told again, and counts anew.
    outcome.catch(() => {
      if (outcomes.get(id) === outcome) outcomes.delete(id);
    });
    const [oldest] = outcomes.keys();
    if (outcomes.size > remembered && oldest !== undefined) outcomes.delete(oldest);
    return outcome;
  };

  return {
    async settle({ source, message: { id } }, deliver) {
      if (source === "message") {
        const outcome = begin(id, deliver);
        waiting.get(id)?.abort();
        return outcome;
      }
      if (!outcomes.has(id)) {
        const came = waiting.get(id) ?? new AbortController();
        waiting.set(id, came);
        await clock.sleep(waitMs, { signal: came.signal }).catch(() => {}); // The message came.
        waiting.delete(id);
      }
      return outcomes.get(id) ?? begin(id, deliver);
    },
  };
}

/** The two come within milliseconds; Slack waits for three seconds. */
const waitMs = 1000;
const remembered = 1000;
