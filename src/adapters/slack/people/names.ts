import { z } from "zod";

import type { Clock } from "../../../core/clock.ts";
import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import { visibleLabel } from "../../text/control.ts";
import { inTime } from "../asking/in-time.ts";
import type { SlackWorkspace } from "../workspaces.ts";

/** What people are called, for models and threads to read. Names decide nothing. */
export interface Names extends AsyncDisposable {
  /** Asks Slack where it is not known, and waits for nothing: an acknowledgement shall not. */
  learn(userId: string, workspace: SlackWorkspace): void;
  /** Waits a little for it where it is not known. */
  find(userId: string, workspace: SlackWorkspace): Promise<string | undefined>;
  of(teamId: string, userId: string): string | undefined;
}

export function names({ clock, log }: { readonly clock: Clock; readonly log: Logger }): Names {
  const ending = new AbortController();
  const { signal } = ending;
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<void>>();
  const keyOf = (teamId: string, userId: string): string => `${teamId}:${userId}`;

  const ask = async (userId: string, workspace: SlackWorkspace, key: string): Promise<void> => {
    try {
      const name = await nameOf(userId, workspace, signal);
      keep(key, { name, until: clock.now() + freshMs });
    } catch (error) {
      if (!signal.aborted) log.debug({ error: messageOf(error) }, "A name was not read");
      keep(key, { name: known.get(key)?.name, until: clock.now() + againMs });
    }
  };
  const keep = (key: string, name: Known): void => {
    known.delete(key);
    known.set(key, name);
    const [oldest] = known.keys();
    if (known.size > maxKnown && oldest !== undefined) known.delete(oldest);
  };
  /** Undefined where nothing is to be asked. However many want to know, it is asked once. */
  const askOnce = (userId: string, workspace: SlackWorkspace): Promise<void> | undefined => {
    const { scopes, teamId } = workspace.identity;
    const key = keyOf(teamId, userId);
    const former = known.get(key);
    if (signal.aborted || (scopes && !scopes.includes("users:read"))) return undefined;
    if (former && clock.now() < former.until) return undefined;
    const asked =
      asking.get(key) ?? ask(userId, workspace, key).finally(() => void asking.delete(key));
    asking.set(key, asked);
    return asked;
  };
  const of: Names["of"] = (teamId, userId) => known.get(keyOf(teamId, userId))?.name;

  return {
    of,
    learn(userId, workspace) {
      void askOnce(userId, workspace);
    },
    async find(userId, workspace) {
      const { teamId } = workspace.identity;
      const asked = askOnce(userId, workspace);
      // Where there is an old one, nobody waits for the new one.
      if (asked && of(teamId, userId) === undefined) await inTime(asked, { clock, waitMs });
      return of(teamId, userId);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(asking.values());
    },
  };
}

interface Known {
  /** Undefined where Slack did not tell. */
  readonly name: string | undefined;
  /** When it is asked for again. */
  readonly until: number;
}

const freshMs = 60 * 60_000;
const againMs = 60_000;
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
