import { type Clock, systemClock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { type Logger, silentLogger } from "../../core/logger.ts";
import type { Adapter } from "../adapter.ts";
import { slackApi } from "./api.ts";
import { connect } from "./connection.ts";
import { downloadFile } from "./download.ts";
import { identify, type Identity } from "./identity.ts";
import { createPosts } from "./posts.ts";
import { createProgressLines } from "./progress.ts";
import { createReceiver } from "./receive.ts";

export interface SlackAdapterOptions {
  /** The app's token, `xapp-…`, with the scope `connections:write`. */
  readonly appToken: string;
  /** The bot's token, `xoxb-…`, with the scopes of {@link slackManifest}. */
  readonly botToken: string;
  /** Where Slack's Web API is. Default `https://slack.com/api/`. */
  readonly apiUrl?: string;
  /** How long one call may take. Default 20 s. */
  readonly timeoutMs?: number;
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
  const { apiUrl = "https://slack.com/api/", timeoutMs = 20_000 } = options;
  requireToken("appToken", appToken, "xapp-");
  requireToken("botToken", botToken, "xoxb-");
  const api = slackApi({ botToken, apiUrl, timeoutMs, clock, log });
  let identity: Identity | undefined;
  const whoAmI = async ({ signal }: { readonly signal: AbortSignal }): Promise<Identity> =>
    (identity ??= await identify(api, { signal }));
  const posts = createPosts({ api, botId: async (given) => (await whoAmI(given)).botId });
  const lines = createProgressLines({ api, clock, log });
  const ending = new AbortController();
  const open: AsyncDisposable[] = [lines];
  return {
    platform: "slack",
    async start(inbound) {
      const { signal } = ending;
      const receiver = createReceiver({
        inbound,
        identity: await whoAmI({ signal }),
        api,
        clock,
        log,
      });
      open.push(receiver);
      open.push(await connect({ appToken, apiUrl, clock, log, handle: receiver.handle }));
    },
    post: (post, given) => posts.send(post, given),
    findPost: (thread, key, given) => posts.find(thread, key, given),
    showProgress: (thread, progress, given) => lines.show(thread, progress, given),
    download: (_, { id }, { signal }) => downloadFile(id, { api, botToken, apiUrl, signal }),
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
