import type { RequestListener } from "node:http";

import { systemClock } from "../../core/clock.ts";
import { silentLogger } from "../../core/logger.ts";
import type { Adapter } from "../adapter.ts";
import type { EmojiMeaning } from "../text/control-emoji.ts";
import type { SlackApi } from "./api.ts";
import { shortcutHandler } from "./asking/shortcut.ts";
import { commandHandler } from "./asking/slash-command.ts";
import { submissionHandler } from "./asking/submission.ts";
import { assistantHandler } from "./assistant.ts";
import { connect } from "./connection.ts";
import { downloadFile } from "./download.ts";
import { emojiMeanings } from "./emoji.ts";
import type { Handler, HandleEvent } from "./handle-event.ts";
import { createListener } from "./http/listener.ts";
import { listen, type Listening } from "./http/server.ts";
import { takeRequest } from "./http/take-request.ts";
import { installedWorkspaces } from "./installations/installed-workspaces.ts";
import { botScopes, scopesFor } from "./manifest.ts";
import { installPages } from "./oauth/install-pages.ts";
import { checkOptions, type SlackAdapterOptions } from "./options.ts";
import { createOutgoing, looksOf, type Outgoing } from "./outgoing.ts";
import { names } from "./people/names.ts";
import { reactionHandler } from "./reactions.ts";
import { createReceiver } from "./receive.ts";
import { createReception, type Reception } from "./reception.ts";
import { revisionHandler } from "./revisions.ts";
import { pressedHandler, saidHandler } from "./said.ts";
import { oneWorkspace, workspaceOf } from "./workspaces.ts";

export interface SlackAdapter extends Adapter {
  /** Answers Slack's requests, for a server of your own. Nothing may have read their bodies before. */
  readonly requestListener: RequestListener;
  /** Where it listens by itself, once it has started. */
  readonly address: Listening["address"] | undefined;
}

/**
 * Connects a bot to Slack: by Socket Mode, which needs no address that Slack must reach, or by HTTP. See docs/slack.md.
 *
 * @example
 * const adapter = slackAdapter({ appToken: process.env.SLACK_APP_TOKEN, botToken: process.env.SLACK_BOT_TOKEN });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID` for what can't be a token
 */
export function slackAdapter(options: SlackAdapterOptions): SlackAdapter {
  checkOptions(options);
  const { clock = systemClock, log = silentLogger, timeoutMs = 20_000 } = options;
  const { apiUrl = "https://slack.com/api/", eventsPath = "/slack/events" } = options;
  const { reactions = true, userGroups = false, silenceMs = 5000, rateFactor = 1 } = options;
  const { appToken, signingSecret, botToken = "", installations, oauth, http } = options;
  const meanings = emojiMeanings(reactions);
  const calls = { apiUrl, timeoutMs, rateFactor, clock, log };
  const required = [...botScopes, ...(userGroups ? ["usergroups:read"] : [])];
  const installed = installations && installedWorkspaces({ installations, ...calls });
  const workspaces = installed ?? oneWorkspace({ botToken, required, ...calls });
  const apiFor = (teamId: string): SlackApi => workspaces.apiFor(teamId);
  const botId = async (teamId: string, given: { readonly signal: AbortSignal }): Promise<string> =>
    (await workspaceOf(workspaces, teamId, given)).identity.botId;
  const outgoing = createOutgoing({ apiFor, botId, clock, log, ...looksOf(options) });
  const known = names({ clock, log });
  const ending = new AbortController();
  let handle: HandleEvent = () => Promise.reject(new Error("the adapter has not started"));
  const listener = createListener(
    [
      (path, exchange) =>
        path === eventsPath && signingSecret !== undefined && exchange.incoming.method === "POST"
          ? takeRequest(exchange, { signingSecret, handle: (body) => handle(body), clock, log })
          : undefined,
      ...(oauth && installations
        ? [
            installPages(oauth, {
              installations,
              scopes: scopesFor(options),
              onInstalled: (teamId) => installed?.forget(teamId),
              ...calls,
            }),
          ]
        : []),
    ],
    { log },
  );
  const open: AsyncDisposable[] = [outgoing, known];
  let listening: Listening | undefined;
  return {
    platform: "slack",
    requestListener: listener.listen,
    get address() {
      return listening?.address;
    },
    async start(inbound) {
      const { signal } = ending;
      // What is wrong with the token is told now.
      const workspace = await workspaces.find(undefined, { signal });
      const reception = createReception({
        inbound: outgoing.watching(inbound),
        names: known,
        withGroups: userGroups,
        clock,
        log,
      });
      open.push(reception);
      if (workspace) await reception.prepare(workspace);
      handle = createReceiver(
        handlersOf(reception, { assistant: outgoing.assistant, apiUrl, meanings }),
        {
          workspaces,
          reception,
        },
      );
      if (http) open.push((listening = await listen(listener.listen, http)));
      open.push(listener);
      if (appToken !== undefined)
        open.push(await connect({ appToken, apiUrl, clock, log, handle, silenceMs }));
    },
    post: outgoing.post,
    findPost: outgoing.findPost,
    openThread: outgoing.openThread,
    showProgress: outgoing.showProgress,
    closeApproval: outgoing.closeApproval,
    nameOf: (thread, userId, { signal }) =>
      workspaceOf(workspaces, thread.workspace, { signal })
        .then((workspace) => known.find(userId, workspace))
        .catch(() => undefined), // A name is no reason to fail.
    download: (thread, attachment, { signal }) =>
      downloadFile(attachment, {
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

const handlersOf = (
  reception: Reception,
  {
    assistant,
    meanings,
    ...options
  }: Pick<Outgoing, "assistant"> & {
    readonly apiUrl: string;
    readonly meanings: ReadonlyMap<string, EmojiMeaning>;
  },
): readonly Handler[] => [
  assistantHandler(assistant),
  pressedHandler(reception),
  saidHandler(reception),
  revisionHandler(reception),
  ...(meanings.size > 0 ? [reactionHandler(reception, { meanings })] : []),
  commandHandler(reception, options),
  shortcutHandler(reception, options),
  submissionHandler(reception, options),
];
