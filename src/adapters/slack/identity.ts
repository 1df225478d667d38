import { z } from "zod";

import { isOpsthreadError, messageOf, OpsthreadError } from "../../core/errors.ts";
import type { SlackApi } from "./api.ts";
import { botScopes } from "./manifest.ts";

/** Who the bot is in its workspace. */
export interface Identity {
  readonly teamId: string;
  readonly userId: string;
  readonly botId: string;
  /** What the token may do. Undefined where that is not known. */
  readonly scopes?: readonly string[];
}

/**
 * Asks Slack who the token is, and whether it may do all that the adapter does.
 * @throws {OpsthreadError} `CONFIG_INVALID` for the token, `ADAPTER_UNAVAILABLE` where Slack can't be asked
 */
export async function identify(
  api: SlackApi,
  {
    signal,
    required = botScopes,
  }: { readonly signal: AbortSignal; readonly required?: readonly string[] },
): Promise<Identity> {
  const answer = await api.call("auth.test", {}, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw refused(error, "botToken", "a token that begins with xoxb-");
  });
  const {
    team_id: teamId,
    user_id: userId,
    bot_id: botId,
    response_metadata,
  } = Known.parse(answer);
  const scopes = response_metadata?.scopes;
  const missing = scopes ? required.filter((scope) => !scopes.includes(scope)) : [];
  if (missing.length > 0)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use botToken: it lacks the scopes ${missing.join(", ")}; add them to the app (\`opsthread slack manifest\`) and install it again`,
    );
  return { teamId, userId, botId, ...(scopes && { scopes }) };
}

/** The error for a token that Slack did not accept, or could not be shown. */
export function refused(error: unknown, option: string, expected: string): OpsthreadError {
  const slackError = isOpsthreadError(error) ? error.data["slackError"] : undefined;
  if (typeof slackError !== "string")
    return new OpsthreadError("ADAPTER_UNAVAILABLE", `Cannot reach Slack: ${messageOf(error)}`, {
      cause: error,
    });
  return new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use ${option}: Slack says ${slackError}, expected ${expected}`,
    { cause: error },
  );
}

const Known = z.object({
  team_id: z.string().min(1),
  user_id: z.string().min(1),
  bot_id: z.string().min(1),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});
