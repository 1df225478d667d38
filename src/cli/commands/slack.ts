import { Command } from "commander";

import { slackManifest, type SlackManifestOptions } from "../../adapters/slack/manifest.ts";

/** `opsthread slack`: what connecting to Slack needs. */
export function slackCommand(): Command {
  return new Command("slack")
    .description("Prepare the connection to Slack; docs/slack.md has all steps.")
    .addCommand(
      new Command("manifest")
        .description(
          "Print the app manifest: scopes, events and buttons, for https://api.slack.com/apps",
        )
        .option("--name <name>", "what the app is called", "Opsthread")
        .option("--request-url <url>", "where Slack reaches the bot by HTTP; else by sockets")
        .option("--redirect-url <url>", "where Slack sends people back to who install the app")
        .option("--user-groups", "user groups are people's roles")
        .option("--no-reactions", "emoji do not stop, approve or deny")
        .action((options: SlackManifestOptions) => {
          process.stdout.write(`${JSON.stringify(slackManifest(options), undefined, 2)}\n`);
        }),
    );
}
