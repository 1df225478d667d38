import type { Installation as BoltInstallation } from "@slack/bolt";

import type { Clock } from "../../../core/clock.ts";
import { isOpsthreadError, messageOf, OpsthreadError } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import { clientLog } from "../client-log.ts";
import type { Route } from "../http/listener.ts";
import type { Installation, InstallationStore } from "../installations/installation.ts";
import type { SlackOAuthOptions } from "./options.ts";
import { page } from "./page.ts";

/** The pages of an installation: the one that sends to Slack, and the one that Slack sends back to. */
export function installPages(
  oauth: SlackOAuthOptions,
  options: {
    readonly installations: InstallationStore;
    readonly scopes: string[];
    readonly onInstalled: (teamId: string) => void;
    readonly apiUrl: string;
    readonly timeoutMs: number;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Route {
  const { installPath = "/slack/install", redirectUri } = oauth;
  const { pathname: redirectPath } = new URL(redirectUri);
  const { log, scopes } = options;
  let opening: ReturnType<typeof openInstaller> | undefined;
  const answer = async (isBack: boolean, ...given: Parameters<Route>): Promise<void> => {
    const [, { incoming, outgoing }] = given;
    const installer = await (opening ??= openInstaller(oauth, options));
    if (!isBack)
      return installer.handleInstallPath(incoming, outgoing, {}, { scopes, redirectUri });
    await installer.handleCallback(incoming, outgoing, {
      success: ({ team }) =>
        page(outgoing, {
          status: 200,
          title: "Installed",
          text: `The bot is now in ${team?.name ?? "your workspace"}. Invite it to the channels where it shall work.`,
        }),
      failure: (error) => {
        log.warn({ error: messageOf(error) }, "An installation did not work");
        page(outgoing, { status: statusOf(error), title: "Not installed", text: reasonOf(error) });
      },
    });
  };
  return (path, exchange) => {
    if (exchange.incoming.method !== "GET") return undefined;
    if (path !== installPath && path !== redirectPath) return undefined;
    return answer(path === redirectPath, path, exchange);
  };
}

/** Bolt's `InstallProvider`, which only its receivers give out. */
async function openInstaller(
  { clientId, clientSecret, stateSecret, redirectUri, ...more }: SlackOAuthOptions,
  { installations, onInstalled, apiUrl, timeoutMs, clock, log }: Parameters<typeof installPages>[1],
) {
  const { authorizationUrl = "https://slack.com/oauth/v2/authorize", teams } = more;
  const { HTTPReceiver } = await import("@slack/bolt");
  const { installer } = new HTTPReceiver({
    signingSecret: "",
    signatureVerification: false, // It gets no events.
    clientId,
    clientSecret,
    stateSecret,
    redirectUri,
    logger: clientLog(log),
    installationStore: {
      async storeInstallation(given) {
        const installation = installationOf(given, clock.now());
        const { teamId } = installation;
        if (teams && !teams.includes(teamId))
          throw refused(`workspace "${teamId}" is not on the list of this bot`);
        await installations.save(installation);
        onInstalled(teamId);
        log.info({ teamId }, "The app was installed in a workspace");
      },
      fetchInstallation: () => Promise.reject(new Error("Nobody asks here")),
    },
    installerOptions: {
      redirectUriPath: new URL(redirectUri).pathname,
      authorizationUrl,
      directInstall: true,
      clientOptions: {
        slackApiUrl: apiUrl,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        timeout: timeoutMs,
      },
    },
  });
  if (!installer) throw new TypeError("Bolt's receiver has no installer");
  return installer;
}

function installationOf(given: BoltInstallation, now: number): Installation {
  const { team, bot, user, isEnterpriseInstall } = given;
  if (isEnterpriseInstall || !team)
    throw refused("it was for a whole organisation, expected one workspace");
  if (!bot) throw refused("Slack gave no token of a bot, expected one");
  if (bot.refreshToken !== undefined)
    throw refused("its tokens would end after some hours; turn token rotation off for the app");
  return {
    teamId: team.id,
    ...(team.name !== undefined && { teamName: team.name }),
    botToken: bot.token,
    botId: bot.id,
    botUserId: bot.userId,
    scopes: bot.scopes,
    installedBy: user.id,
    installedAt: now,
  };
}

const refused = (reason: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot install the app: ${reason}`);

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;

const statusOf = (error: unknown): number =>
  isOpsthreadError(error, "CONFIG_INVALID") || String(codeOf(error)).startsWith("slack_oauth")
    ? 400
    : 500;

/** What else went wrong is for the log. */
function reasonOf(error: unknown): string {
  if (isOpsthreadError(error, "CONFIG_INVALID")) return error.message;
  switch (codeOf(error)) {
    case "slack_oauth_installer_authorization_error":
      return "It was cancelled.";
    case "slack_oauth_missing_state":
    case "slack_oauth_invalid_state":
      return "It took too long, or was begun in another browser. Begin again.";
    case "slack_oauth_missing_code":
      return "Slack sent no code. Begin again.";
    default:
      return "Slack did not confirm it, or it could not be kept. The log of the bot says more.";
  }
}
