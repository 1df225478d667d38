import { z } from "zod";

import type { Handler, HandleEvent } from "./handle-event.ts";
import { removedAt } from "./installations/removed.ts";
import { oddityOf } from "./oddity.ts";
import type { Reception } from "./reception.ts";
import { teamOf } from "./team-of.ts";
import type { Workspaces } from "./workspaces.ts";

/** Brings what Slack tells to the first that takes it. What nobody takes is settled. */
export function createReceiver(
  handlers: readonly Handler[],
  {
    workspaces,
    reception,
  }: {
    readonly workspaces: Workspaces;
    readonly reception: Pick<Reception, "prepare" | "signal" | "log">;
  },
): HandleEvent {
  const { signal, log } = reception;
  return async (body) => {
    const workspace = await workspaces.find(teamOf(body), { signal });
    // It was removed there a moment ago: nobody waits for an answer.
    if (!workspace) {
      log.debug({ odd: oddityOf(body) }, "Slack told something of no workspace that is known");
      return undefined;
    }
    const { teamId, userId } = workspace.identity;
    if (RateLimited.safeParse(body).success)
      log.error({ teamId }, "Slack left events out: there are more than 30,000 an hour");
    const endedAt = removedAt(body, userId);
    if (endedAt !== undefined) await workspaces.removed(teamId, endedAt);
    await reception.prepare(workspace);
    for (const handler of handlers) {
      const taken = handler(body, workspace);
      if (taken) return taken;
    }
    const odd = oddityOf(body);
    if (odd !== undefined) log.warn({ teamId, odd }, "Slack told something that can't be read");
    return undefined;
  };
}

/** https://docs.slack.dev/reference/events/app_rate_limited */
const RateLimited = z.object({ type: z.literal("app_rate_limited") });
