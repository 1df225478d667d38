import { resolve } from "node:path";

import { Command, Option } from "commander";

import { probeBubblewrap } from "../../sandbox/bubblewrap/probe.ts";
import { findEngine } from "../../sandbox/docker/engine.ts";
import { runOnHost } from "../../sandbox/host-command.ts";
import { checkBlobs } from "../doctor/blobs.ts";
import type { Check } from "../doctor/check.ts";
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
import { blobsOptions } from "../start/bot-options.ts";
import { loadConfig } from "../start/load-config.ts";
import { openSecrets } from "../start/secrets.ts";
import { table } from "../table.ts";

/** `opsthread doctor`: what works on this machine, and what to do about what does not. */
export function doctorCommand({ signal }: { readonly signal: AbortSignal }): Command {
  return withModelOptions(withSandboxOptions(new Command("doctor"), { driver: "auto" }))
    .description(
      "Check this machine, the models and the tokens for Slack, and tell which sandbox would be chosen and why.",
    )
    .addOption(
      new Option("--data <folder>", "the data folder").env("OPSTHREAD_DATA").default(".opsthread"),
    )
    .addOption(
      new Option("--config <file>", "a configuration, of which is tried where it keeps blobs").env(
        "OPSTHREAD_CONFIG",
      ),
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
    ...(await checkSlack(
      { botToken: process.env["SLACK_BOT_TOKEN"], appToken: process.env["SLACK_APP_TOKEN"] },
      { signal },
    )),
    ...(await checkDiscordToken(process.env, { signal })),
    ...(config === undefined ? [] : await checkConfiguredBlobs(config, { signal })),
  ];
}

/** Nothing where blobs are in the data folder, which is looked at anyway. */
async function checkConfiguredBlobs(
  given: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  const { folder, config } = await loadConfig(given);
  if (!config.blobs) return [];
  const secrets = openSecrets({ env: process.env, folder });
  const options = blobsOptions(config.blobs, { folder, secrets });
  const dataFolder = resolve(folder, config.dataFolder);
  return [await checkBlobs(options, { dataFolder, signal })];
}

function render(checks: readonly Check[]): string {
  const rows = checks.flatMap(({ name, status, text, hint }) => [
    [status, name, text],
    ...(hint === undefined ? [] : [["", "", `→ ${hint}`]]),
  ]);
  return table(rows);
}
