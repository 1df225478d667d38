import { writeFile } from "node:fs/promises";
import { basename } from "node:path";

import { Command, Option } from "commander";

import { messageOf, OpsthreadError } from "../../core/errors.ts";

/** `opsthread init`: a configuration to begin with. */
export function initCommand(): Command {
  return new Command("init")
    .description("Write a configuration to begin with, for opsthread start.")
    .addOption(
      new Option("--platform <platform>", "where people talk to the bot")
        .choices(["slack", "discord", "both"])
        .default("slack"),
    )
    .option("--file <file>", "where to write it", "opsthread.config.ts")
    .action(async ({ platform, file }: { readonly platform: string; readonly file: string }) => {
      const platforms = platform === "both" ? ["slack", "discord"] : [platform];
      try {
        // What is there already stays as it is.
        await writeFile(file, template(platforms), { flag: "wx" });
      } catch (error) {
        throw new OpsthreadError("CONFIG_INVALID", `Cannot write ${file}: ${messageOf(error)}`, {
          cause: error,
        });
      }
      const variables = platforms.flatMap((name) => variablesOf[name] ?? []);
      process.stdout.write(`Wrote ${basename(file)}. Next:
1. put your own id into access.admins;
2. set ${variables.join(", ")} in the environment (${platforms.map((name) => `docs/${name}.md`).join(" and ")}: where they are from);
3. opsthread start --check, then opsthread start.
`);
    });
}

const variablesOf: Readonly<Record<string, readonly string[]>> = {
  slack: ["SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"],
  discord: ["DISCORD_BOT_TOKEN"],
};

const adminOf: Readonly<Record<string, string>> = {
  slack: '"slack:T0123456:U0123456"',
  discord: '"discord:123456789012345678:234567890123456789"',
};

const template = (
  platforms: readonly string[],
): string => `import type { OpsthreadConfig } from "opsthread";

// All settings are in docs/configuration.md. Secrets are read from the environment, or from files.
export default {
${platforms.map((name) => `  ${name}: {},`).join("\n")}
  access: {
    // platform:workspace:id, as the platform shows them. Nobody else may use the bot.
    admins: [${platforms.map((name) => adminOf[name]).join(", ")}],
  },
  // Files that the agent may read, below /sources/<name> in its sandbox.
  sources: [{ name: "system", files: "/var/log/*.log" }],
  // Without a model the offline planner answers: it knows the built-in tasks and needs no key.
  // model: "anthropic/claude-sonnet-5-5", // ANTHROPIC_API_KEY in the environment
} satisfies OpsthreadConfig;
`;
