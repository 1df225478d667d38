import type { Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { ControlEmoji } from "./emoji.ts";
import type { ListenOptions } from "./http/server.ts";
import type { InstallationStore } from "./installations/installation.ts";
import type { SlackOAuthOptions } from "./oauth/options.ts";
import type { SlackLooks } from "./outgoing.ts";

export interface SlackAdapterOptions extends SlackLooks {
  /** For Socket Mode: the app's token, `xapp-…`, with the scope `connections:write`. */
  readonly appToken?: string;
  /** In its place, where Slack comes by HTTP: the app's signing secret, which every request is checked against. */
  readonly signingSecret?: string;
  /** For one workspace: the bot's token, `xoxb-…`, with the scopes of {@link slackManifest}. */
  readonly botToken?: string;
  /** In its place, for several workspaces: where their tokens are, such as {@link fileInstallations}. */
  readonly installations?: InstallationStore;
  /** Pages by which people install the app in their workspaces. With `installations` only. */
  readonly oauth?: SlackOAuthOptions;
  /** Where the adapter listens for requests. Default: nowhere; {@link SlackAdapter.requestListener} is to be mounted. */
  readonly http?: ListenOptions;
  /** The path of events, commands and all that is pressed. Default `/slack/events`. */
  readonly eventsPath?: string;
  /**
   * Whether user groups are people's roles, which `access` may name as `slack:<team>:<group>`. Needs the scope
   * `usergroups:read`. Default false.
   */
  readonly userGroups?: boolean;
  /**
   * Whether emoji stop, approve and deny, or which ones: see docs/slack.md. Needs the scope `reactions:read`.
   * Default true: 🛑, ✅ and ❌.
   */
  readonly reactions?: boolean | ControlEmoji;
  /** For Socket Mode: after how long a connection that does not answer is taken for dead. Default 5 s. */
  readonly silenceMs?: number;
  /** Where Slack's Web API is. Default `https://slack.com/api/`. */
  readonly apiUrl?: string;
  /** How long one call may take. Default 20 s. */
  readonly timeoutMs?: number;
  /**
   * How many times as many calls as Slack publishes the workspace allows: https://docs.slack.dev/apis/web-api/rate-limits.
   * Calls beyond that wait here; what Slack itself refuses waits as long as it says. Default 1.
   */
  readonly rateFactor?: number;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** @throws {OpsthreadError} `CONFIG_INVALID` */
export function checkOptions(options: SlackAdapterOptions): void {
  const { appToken, signingSecret, botToken, installations, oauth } = options;
  if (!installations) requireToken("botToken", botToken, "xoxb-");
  else if (botToken !== undefined)
    throw invalid("botToken and installations", "both are set, expected one");
  if (oauth) checkOAuth(oauth, installations);
  if (signingSecret === undefined) return requireToken("appToken", appToken, "xapp-");
  if (appToken !== undefined)
    throw invalid("appToken and signingSecret", "both are set, expected one: sockets or HTTP");
  if (signingSecret === "") throw invalid("signingSecret", "it is empty");
}

function checkOAuth(
  { clientId, clientSecret, stateSecret, redirectUri }: SlackOAuthOptions,
  installations: InstallationStore | undefined,
): void {
  if (!installations)
    throw invalid("oauth", "installations is not set, expected where to keep them");
  if (!clientId || !clientSecret) throw invalid("oauth", "clientId or clientSecret is not set");
  if (!stateSecret || stateSecret.length < 32)
    throw invalid("oauth.stateSecret", "expected 32 random characters or more");
  if (!URL.canParse(redirectUri))
    throw invalid("oauth.redirectUri", `it is "${redirectUri}", expected a whole URL`);
}

function requireToken(option: string, token: unknown, prefix: string): void {
  if (typeof token === "string" && token.startsWith(prefix)) return;
  const state = typeof token === "string" ? "another kind of token" : "not set";
  throw invalid(option, `it is ${state}, expected one that begins with ${prefix}`);
}

const invalid = (option: string, problem: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot use ${option}: ${problem}`);
