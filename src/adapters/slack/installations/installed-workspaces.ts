import { messageOf } from "../../../core/errors.ts";
import { type ApiOptions, slackApi } from "../api.ts";
import { type SlackWorkspace, workspaceOf, type Workspaces } from "../workspaces.ts";
import type { InstallationStore } from "./installation.ts";

/** The workspaces that the app was installed in. */
export interface InstalledWorkspaces extends Workspaces {
  /** What is kept has changed. */
  forget(teamId: string): void;
}

export function installedWorkspaces({
  installations,
  ...options
}: Omit<ApiOptions, "botToken"> & {
  readonly installations: InstallationStore;
}): InstalledWorkspaces {
  const { clock, log } = options;
  const known = new Map<string, SlackWorkspace & { readonly until: number }>();
  const lookingUp = new Map<string, Promise<SlackWorkspace | undefined>>();
  const lookUp = async (teamId: string): Promise<SlackWorkspace | undefined> => {
    const former = known.get(teamId);
    const found = await installations.find(teamId);
    if (!found) {
      known.delete(teamId);
      return undefined;
    }
    const { botToken, botId, botUserId: userId, scopes } = found;
    // The same token goes on with what is known of its limits.
    const api = former?.botToken === botToken ? former.api : slackApi({ ...options, botToken });
    const until = clock.now() + freshMs;
    const workspace = { api, botToken, identity: { teamId, userId, botId, scopes }, until };
    known.set(teamId, workspace);
    return workspace;
  };
  const lookUpOnce = (teamId: string): Promise<SlackWorkspace | undefined> => {
    const looked =
      lookingUp.get(teamId) ??
      lookUp(teamId).finally(() => {
        if (lookingUp.get(teamId) === looked) lookingUp.delete(teamId);
      });
    lookingUp.set(teamId, looked);
    return looked;
  };
  const workspaces: InstalledWorkspaces = {
    async find(teamId, { signal }) {
      signal.throwIfAborted();
      if (teamId === undefined) return undefined;
      const former = known.get(teamId);
      if (former && clock.now() < former.until) return former;
      const found = lookUpOnce(teamId);
      if (!former) return found;
      // An acknowledgement may hang on this: what is known does until it is known better.
      void found.catch((error: unknown) =>
        log.warn({ teamId, error: messageOf(error) }, "An installation was not looked up"),
      );
      return former;
    },
    apiFor: (teamId) => ({
      call: async (method, args, given) => {
        const { api } = await workspaceOf(workspaces, teamId, given);
        return api.call(method, args, given);
      },
    }),
    async removed(teamId, at) {
      const installation = await installations.find(teamId);
      // Slack says it in seconds, and may say it late: by then it may be installed again.
      if (!installation || installation.installedAt > at + 999) return;
      await installations.remove(teamId);
      known.delete(teamId);
      log.info({ teamId }, "The app was removed from a workspace");
    },
    forget(teamId) {
      known.delete(teamId);
      // One that is under way may have read what was before.
      lookingUp.delete(teamId);
    },
  };
  return workspaces;
}

/** Another process may have installed it anew. */
const freshMs = 30_000;
