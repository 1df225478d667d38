import { join } from "node:path";

import type { Adapter } from "../../adapters/adapter.ts";
import type { Config } from "../../config.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Secrets } from "./secrets.ts";

interface Place {
  readonly dataFolder: string;
  readonly secrets: Secrets;
  readonly log: Logger;
}

type SlackConfig = Exclude<Config["slack"], undefined>;
type DiscordConfig = Exclude<Config["discord"], undefined>;

/**
 * The platforms that are configured. Only those are loaded.
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export async function openAdapters(
  {
    slack,
    discord,
  }: { readonly slack: SlackConfig | undefined; readonly discord: DiscordConfig | undefined },
  place: Place,
): Promise<readonly Adapter[]> {
  const adapters = [
    ...(slack ? [await openSlack(slack, place)] : []),
    ...(discord ? [await openDiscord(discord, place)] : []),
  ];
  if (adapters.length > 0) return adapters;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    'Cannot start: nobody could talk to the bot, expected "slack" or "discord" in the configuration, such as "slack": {}',
  );
}

async function openSlack(
  { appToken, botToken, http, install, ...others }: SlackConfig,
  { dataFolder, secrets, log }: Place,
): Promise<Adapter> {
  const { fileInstallations, slackAdapter } = await import("../../adapters/slack/index.ts");
  const read: Secrets["read"] = (ref, what) => secrets.read(ref, what);
  if (install && !http)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      "Cannot use slack.install: people install the app on a page of the bot, expected slack.http too",
    );
  const { port, host, signingSecret, eventsPath } = http ?? {};
  return slackAdapter({
    ...others,
    ...(port === undefined
      ? { appToken: read(appToken, "slack.appToken") }
      : { http: { port, ...(host !== undefined && { host }) } }),
    ...(signingSecret && { signingSecret: read(signingSecret, "slack.http.signingSecret") }),
    ...(eventsPath !== undefined && { eventsPath }),
    ...(install
      ? {
          installations: fileInstallations({
            folder: join(dataFolder, "slack"),
            keys: install.keys.map((key) => read(key, "slack.install.keys")),
          }),
          oauth: {
            clientId: install.clientId,
            clientSecret: read(install.clientSecret, "slack.install.clientSecret"),
            stateSecret: read(install.stateSecret, "slack.install.stateSecret"),
            redirectUri: install.redirectUri,
            ...(install.installPath !== undefined && { installPath: install.installPath }),
            ...(install.teams && { teams: install.teams }),
          },
        }
      : { botToken: read(botToken, "slack.botToken") }),
    log,
  });
}

async function openDiscord(
  { botToken, ...others }: DiscordConfig,
  { secrets, log }: Place,
): Promise<Adapter> {
  const { discordAdapter } = await import("../../adapters/discord/index.ts");
  return discordAdapter({
    ...others,
    botToken: secrets.read(botToken, "discord.botToken"),
    log,
  });
}
