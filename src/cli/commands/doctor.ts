import { Command, Option } from "commander";

import { probeBubblewrap } from "../../sandbox/bubblewrap/probe.ts";
import { findEngine } from "../../sandbox/docker/engine.ts";
import { runOnHost } from "../../sandbox/host-command.ts";
import type { Check } from "../doctor/check.ts";
import { checkConfigured } from "../doctor/configured.ts";
import { checkDiscordToken } from "../doctor/discord.ts";
import {
  checkDataFolder,
  checkLandlock,
  checkLoopMounts,
  checkNode,
  checkUserNamespaces,
} from "../doctor/machine.ts";
import { checkModels } from "../doctor/models.ts";
import { checkBubblewrap, checkChoice, checkEngine, checkImage } from "../doctor/sandboxes.ts";
import { checkSlack } from "../doctor/slack.ts";
import { engineFromEnvironment } from "../engine.ts";
import { exitCodes } from "../exit-codes.ts";
import { keysOf, type ModelFlags, urlsOf, withModelOptions } from "../model-options.ts";
import { type SandboxFlags, withSandboxOptions } from "../sandbox-options.ts";
import { table } from "../table.ts";

/** `opsthread doctor`: what works on this machine, and what to do about what does not. */
export function doctorCommand({ signal }: { readonly signal: AbortSignal }): Command {
  return withModelOptions(withSandboxOptions(new Command("doctor"), { driver: "auto" }))
    .description(
      "Check this machine, the models, and what a configuration connects to, and tell which sandbox would be chosen and why.",
    )
    .addOption(
      new Option("--data <folder>", "the data folder").env("OPSTHREAD_DATA").default(".opsthread"),
    )
    .addOption(
      new Option(
        "--config <file>",
        "a configuration, of which is tried what it connects to: its platforms, Redis, blobs",
      ).env("OPSTHREAD_CONFIG"),
    )
    .option("--digest <digest>", "the digest that the image is pinned to")
    .option("--json", "print one JSON object")
    .action(async (options: DoctorOptions) => {
      const checks = await examine(options, signal);
      const healthy = checks.every(({ status }) => status !== "fail");
      if (options.json ?? false)
        process.stdout.write(`${JSON.stringify({ healthy, checks }, undefined, 2)}\n`);
      else process.stdout.write(render(checks));
      if (!healthy) process.exitCode = exitCodes.failed;
    });
}

interface DoctorOptions extends SandboxFlags, ModelFlags {
  readonly data: string;
  readonly config?: string;
  readonly digest?: string;
  readonly json?: boolean;
}

async function examine(
  { data, sandbox, config, model = [], compaction, ...options }: DoctorOptions,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const wishes = { ...options, wanted: sandbox };
  const [engine, bubblewrap, ...rest] = await Promise.all([
    findEngine({ ...engineFromEnvironment(process.env), signal }),
    probeBubblewrap(runOnHost, { signal }),
    checkDataFolder(data),
    checkUserNamespaces(),
    checkLandlock(),
    checkLoopMounts(runOnHost, { signal }),
  ]);
  const [dataFolder, ...kernel] = rest;
  const image = engine.reachable ? await checkImage(engine, wishes, { signal }) : undefined;
  return [
    checkNode(process.version),
    dataFolder,
    ...checkEngine(engine),
    ...(image === undefined ? [] : [image.check]),
    checkBubblewrap(bubblewrap),
    ...kernel,
    ...(await checkChoice({ engine, image, bubblewrap }, wishes, { signal })),
    ...(await checkModels(model, {
      keys: keysOf(process.env),
      urls: urlsOf(process.env),
      // As for a bot: a model that is not named alone does without.
      ...(model.length === 1 && compaction && { compaction }),
      signal,
    })),
    ...(config === undefined
      ? await checkTokens(process.env, { signal })
      : await checkConfigured(config, { env: process.env, signal })),
  ];
}

/** Those of the environment, where no configuration says which ones are used. */
async function checkTokens(
  env: NodeJS.ProcessEnv,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  const { SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_API_URL } = env;
  const { DISCORD_BOT_TOKEN, DISCORD_API_URL } = env;
  const slack = { botToken: SLACK_BOT_TOKEN, appToken: SLACK_APP_TOKEN };
  const discord = { botToken: DISCORD_BOT_TOKEN, apiUrl: DISCORD_API_URL };
  return [
    ...(await checkSlack(slack, { signal, ...(SLACK_API_URL && { apiUrl: SLACK_API_URL }) })),
    ...(await checkDiscordToken(discord, { signal })),
  ];
}

function render(checks: readonly Check[]): string {
  const rows = checks.flatMap(({ name, status, text, hint }) => [
    [status, name, text],
    ...(hint === undefined ? [] : [["", "", `→ ${hint}`]]),
  ]);
  return table(rows);
}
