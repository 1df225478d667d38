import { z } from "zod";

import { visibleLabel } from "../../text/control.ts";
import { inTime } from "../asking/in-time.ts";
import type { Reception } from "../reception.ts";
import type { SlackWorkspace } from "../workspaces.ts";

/** What people are called, for models and threads to read. Names decide nothing. */
export interface Names {
  /** Asks Slack where it is not known, and waits a little for it. */
  learn(userId: string, workspace: SlackWorkspace): Promise<void>;
  of(teamId: string, userId: string): string | undefined;
}

export function names(context: Pick<Reception, "clock" | "signal" | "beside">): Names {
  const { clock, signal } = context;
  const known = new Map<string, { readonly name: string | undefined; readonly at: number }>();
  const keyOf = (teamId: string, userId: string): string => `${teamId}:${userId}`;
  return {
    async learn(userId, workspace) {
      const { scopes, teamId } = workspace.identity;
      if (!scopes?.includes("users:read")) return;
      const key = keyOf(teamId, userId);
      const former = known.get(key);
      if (former && clock.now() - former.at < freshMs) return;
      const asked = nameOf(userId, workspace, signal).then((name) => {
        known.delete(key);
        known.set(key, { name, at: clock.now() });
        const [oldest] = known.keys();
        if (known.size > maxKnown && oldest !== undefined) known.delete(oldest);
        return name;
      });
      context.beside(asked, "A name was not read");
      // An old one does for now, and so does none.
      if (!former) await inTime(asked, { clock, waitMs }).catch(() => {});
    },
    of: (teamId, userId) => known.get(keyOf(teamId, userId))?.name,
  };
}

const freshMs = 60 * 60_000;
const waitMs = 500;
const maxKnown = 5000;

async function nameOf(
  user: string,
  { api }: SlackWorkspace,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await api.call("users.info", { user }, { signal });
  const { name, real_name, profile } = Info.parse(answer).user;
  const shown = profile?.display_name || real_name || name || "";
  return visibleLabel(shown).trim().slice(0, 80) || undefined;
}

const Info = z.object({
  user: z.object({
    name: z.string().nullish(),
    real_name: z.string().nullish(),
    profile: z.object({ display_name: z.string().nullish() }).nullish(),
  }),
});
