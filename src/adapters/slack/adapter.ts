import { type Clock, systemClock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { type Logger, silentLogger } from "../../core/logger.ts";
import type { Adapter } from "../adapter.ts";
import type { SlackApi } from "./api.ts";
import { connect } from "./connection.ts";
import { downloadFile } from "./download.ts";
import { createOutgoing, looksOf, type SlackLooks } from "./outgoing.ts";
import { createReceiver } from "./receive.ts";
import { oneWorkspace, workspaceOf } from "./workspaces.ts";

export interface SlackAdapterOptions extends SlackLooks {
  /** The app's token, `xapp-…`, with the scope `connections:write`. */
  readonly appToken: string;
  /** The bot's token, `xoxb-…`, with the scopes of {@link slackManifest}. */
  readonly botToken: string;
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

/**
 * Connects a bot to one Slack workspace, by Socket Mode: no address that Slack must reach. See docs/slack.md.
 *
 * @example
 * const adapter = slackAdapter({ appToken: process.env.SLACK_APP_TOKEN, botToken: process.env.SLACK_BOT_TOKEN });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID` for what can't be a token
 */
export function slackAdapter(options: SlackAdapterOptions): Adapter {
  const { appToken, botToken, clock = systemClock, log = silentLogger } = options;
  const { apiUrl = "https://slack.com/api/", timeoutMs = 20_000, rateFactor = 1 } = options;
  requireToken("appToken", appToken, "xapp-");
  requireToken("botToken", botToken, "xoxb-");
  const workspaces = oneWorkspace({ botToken, apiUrl, timeoutMs, rateFactor, clock, log });
  const apiFor = (teamId: string): SlackApi => workspaces.apiFor(teamId);
  const botId = async (teamId: string, given: { readonly signal: AbortSignal }): Promise<string> =>
    (await workspaceOf(workspaces, teamId, given)).identity.botId;
  const outgoing = createOutgoing({ apiFor, botId, clock, log, ...looksOf(options) });
  const ending = new AbortController();
  const open: AsyncDisposable[] = [outgoing];
  return {
    platform: "slack",
    async start(inbound) {
      const { signal } = ending;
      // What is wrong with the token is told now.
      await workspaces.find(undefined, { signal });
      const receiver = createReceiver({
        inbound: outgoing.watching(inbound),
        assistant: outgoing.assistant,
        workspaces,
        clock,
        log,
      });
      open.push(receiver);
      open.push(await connect({ appToken, apiUrl, clock, log, handle: receiver.handle }));
    },
    post: outgoing.post,
    findPost: outgoing.findPost,
    showProgress: outgoing.showProgress,
    closeApproval: outgoing.closeApproval,
    download: (thread, { id }, { signal }) =>
      downloadFile(id, {
        workspace: () => workspaceOf(workspaces, thread.workspace, { signal }),
        apiUrl,
        signal,
      }),
    async [Symbol.asyncDispose]() {
      ending.abort();
      for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
    },
  };
}

function requireToken(option: string, token: unknown, prefix: string): void {
  if (typeof token === "string" && token.startsWith(prefix)) return;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use ${option}: it is ${typeof token === "string" ? "another kind of token" : "not set"}, expected one that begins with ${prefix}`,
  );
}
