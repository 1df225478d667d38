import { Command } from "commander";

import { slackManifest } from "../../adapters/slack/manifest.ts";

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
        .action(({ name }: { readonly name: string }) => {
          process.stdout.write(`${JSON.stringify(slackManifest({ name }), undefined, 2)}\n`);
        }),
    );
}
