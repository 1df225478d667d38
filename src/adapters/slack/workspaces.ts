import { isOpsthreadError, OpsthreadError } from "../../core/errors.ts";
import { type ApiOptions, type SlackApi, slackApi } from "./api.ts";
import { identify, type Identity } from "./identity.ts";

/** The bot in one workspace. */
export interface SlackWorkspace {
  readonly api: SlackApi;
  readonly botToken: string;
  readonly identity: Identity;
}

/** The workspaces that the bot works in, each with its own token. */
export interface Workspaces {
  /** The one with this id; without an id, the only one. Undefined where the bot is not installed. */
  find(
    teamId: string | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<SlackWorkspace | undefined>;
  /** Its Web API. Calls reject with `ADAPTER_POST_FAILED` where the bot is not installed. */
  apiFor(teamId: string): SlackApi;
  /** The app was removed there, or the token taken from it, at that time: milliseconds since the epoch. */
  removed(teamId: string, at: number): Promise<void>;
}

/** One workspace, by its token. */
export function oneWorkspace({
  required,
  ...options
}: ApiOptions & { readonly required: readonly string[] }): Workspaces {
  const { botToken } = options;
  const api = slackApi(options);
  let identity: Identity | undefined;
  return {
    apiFor: () => api,
    async find(_, given) {
      identity ??= await identify(api, { ...given, required });
      return { api, botToken, identity };
    },
    async removed(teamId) {
      options.log.error({ teamId }, "The app was removed from its workspace: botToken is void");
    },
  };
}

/** @throws {OpsthreadError} `ADAPTER_POST_FAILED` where the bot is not installed */
export async function workspaceOf(
  workspaces: Workspaces,
  teamId: string,
  given: { readonly signal: AbortSignal },
): Promise<SlackWorkspace> {
  const found = await workspaces.find(teamId, given).catch((error: unknown) => {
    given.signal.throwIfAborted();
    if (isOpsthreadError(error)) throw error;
    throw new OpsthreadError("ADAPTER_POST_FAILED", `Cannot reach workspace "${teamId}"`, {
      cause: error,
    });
  });
  if (found) return found;
  throw new OpsthreadError(
    "ADAPTER_POST_FAILED",
    `Cannot reach workspace "${teamId}": the bot is not installed there; install it again`,
  );
}
