import { z } from "zod";

import { isOpsthreadError, messageOf, OpsthreadError } from "../../../core/errors.ts";
import { inTime } from "../asking/in-time.ts";
import type { Reception } from "../reception.ts";
import type { SlackWorkspace } from "../workspaces.ts";

/** Which user groups people are in, as Slack told a little while ago. */
export interface UserGroups {
  /** Sees to that what is known is fresh enough. @throws {OpsthreadError} `ADAPTER_UNAVAILABLE` where it can't be */
  refresh(workspace: SlackWorkspace): Promise<void>;
  /** The ids of a person's groups. */
  of(teamId: string, userId: string): readonly string[];
}

type Context = Pick<Reception, "clock" | "log" | "signal" | "beside">;

/**
 * They are asked for every five minutes that somebody says something, and nobody waits for that; what is older than a
 * quarter of an hour is not relied upon.
 */
export function userGroups(context: Context): UserGroups {
  const { clock, log, signal } = context;
  const teams = new Map<string, { readonly groups: Groups; readonly at: number }>();
  const asking = new Map<string, Promise<void>>();

  const ask = async ({ api, identity: { teamId } }: SlackWorkspace): Promise<void> => {
    const groups = await groupsOf(api, signal).catch((error: unknown): Groups => {
      signal.throwIfAborted();
      if (!isOpsthreadError(error) || error.data["slackError"] === undefined) throw error;
      // Slack will say the same the next time. Without groups nobody has a right by one.
      log.error({ teamId, error: messageOf(error) }, "User groups can't be read");
      return new Map();
    });
    teams.set(teamId, { groups, at: clock.now() });
  };
  const askOnce = (workspace: SlackWorkspace): Promise<void> => {
    const { teamId } = workspace.identity;
    const asked = asking.get(teamId) ?? ask(workspace).finally(() => void asking.delete(teamId));
    asking.set(teamId, asked);
    return asked;
  };

  return {
    async refresh(workspace) {
      const { teamId } = workspace.identity;
      const age = clock.now() - (teams.get(teamId)?.at ?? -Infinity);
      if (age < freshMs) return;
      const asked = askOnce(workspace);
      if (age < usableMs) return context.beside(asked, "User groups were not read");
      const settled = await inTime(asked, { clock, waitMs });
      if (!settled)
        throw new OpsthreadError(
          "ADAPTER_UNAVAILABLE",
          "Cannot tell who may use the bot: Slack does not say who is in which user group",
        );
    },
    of: (teamId, userId) => teams.get(teamId)?.groups.get(userId) ?? [],
  };
}

const freshMs = 5 * 60_000;
const usableMs = 15 * 60_000;
const waitMs = 800;

/** The groups of each person. */
type Groups = ReadonlyMap<string, readonly string[]>;

async function groupsOf(api: SlackWorkspace["api"], signal: AbortSignal): Promise<Groups> {
  const answer = await api.call("usergroups.list", { include_users: true }, { signal });
  const groups = new Map<string, string[]>();
  for (const { id, users, date_delete } of Listed.parse(answer).usergroups) {
    if (date_delete) continue; // It is disabled.
    for (const user of users) groups.set(user, [...(groups.get(user) ?? []), id]);
  }
  return groups;
}

const Listed = z.object({
  usergroups: z.array(
    z.object({
      id: z.string().min(1),
      users: z.array(z.string()).default([]),
      date_delete: z.number().nullish(),
    }),
  ),
});
