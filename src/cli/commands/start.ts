import { once } from "node:events";

import { Command, Option } from "commander";

import { createBot } from "../../bot.ts";
import { createLogger } from "../../observe/logger.ts";
import { Role } from "../../open-durable.ts";
import { createRedactor } from "../../security/redact.ts";
import { blobsPlace, tryBlobs } from "../doctor/blobs.ts";
import { botOptions } from "../start/bot-options.ts";
import { checkOptions } from "../start/check-options.ts";
import { loadConfig } from "../start/load-config.ts";
import { openSecrets } from "../start/secrets.ts";
import { table } from "../table.ts";

interface StartOptions {
  readonly config?: string;
  readonly role: Role;
  readonly allowVolatile?: boolean;
  readonly check?: boolean;
}

/** `opsthread start`: the bot, by its configuration, until it is told to end. */
export function startCommand({ signal }: { readonly signal: AbortSignal }): Command {
  return new Command("start")
    .description(
      "Run the bot that opsthread.config.ts, .js or .json describes, until Ctrl-C or SIGTERM.",
    )
    .addOption(new Option("--config <file>", "the configuration").env("OPSTHREAD_CONFIG"))
    .addOption(
      new Option(
        "--role <role>",
        "gateway: listen and accept; worker: run turns and post; all: both. Others than all need redis",
      )
        .choices(Role.options)
        .env("OPSTHREAD_ROLE")
        .default("all"),
    )
    .option(
      "--allow-volatile",
      "go on where Redis keeps nothing on the disk, so that a restart of Redis loses what was accepted",
    )
    .option(
      "--check",
      "only read the configuration and the secrets, try the bucket for blobs if there is one, and tell what would run",
    )
    .action(async ({ role, check, ...given }: StartOptions, command: Command) => {
      const { path, folder, config } = await loadConfig(given.config);
      const secrets = openSecrets({ env: process.env, folder });
      const { logLevel } = command.optsWithGlobals<{ readonly logLevel: string }>();
      const level =
        command.parent?.getOptionValueSource("logLevel") === "default" ? "info" : logLevel;
      const log = createLogger({
        level,
        // Of the secrets, those that have been read by then.
        redact: (value) => createRedactor({ literals: secrets.values }).value(value),
      });
      const options = await botOptions(config, { folder, env: process.env, secrets, log });
      const { adapters, dataFolder = "", redis, blobs } = options;
      const platforms = adapters.map(({ platform }) => platform).join(", ");
      const rows = [
        ["configuration", path],
        ["platforms", platforms],
        ["model", [config.model ?? "offline"].flat().join(", ")],
        ["data folder", dataFolder],
        ["sessions in", redis ? "Redis" : "SQLite, in the data folder"],
        ["blobs in", blobsPlace(blobs)],
        ["role", role],
        ...(config.schedules.length > 0 ? [["schedules", `${config.schedules.length}`]] : []),
      ];
      process.stdout.write(table(rows));
      if (check) {
        await checkOptions(options, { config, role });
        const isBucket = blobs?.driver === "s3";
        if (isBucket) await tryBlobs(blobs, { dataFolder, signal });
        const connected = isBucket ? "The bucket works; nothing else" : "Nothing";
        process.stdout.write(`The configuration is usable. ${connected} was connected.\n`);
        return;
      }
      const durable = redis && given.allowVolatile === true && { ...redis, allowVolatile: true };
      await using bot = await createBot({ ...options, role, ...(durable && { redis: durable }) });
      await bot.start();
      const { name, capabilities } = bot.sandboxes;
      if (role !== "gateway")
        process.stdout.write(`sandbox: ${name} (${capabilities.isolation})\n`);
      process.stdout.write("Ready. Ctrl-C ends it.\n");
      if (!signal.aborted) await once(signal, "abort");
      process.stdout.write("Ending: what runs gets 10 seconds, and goes on at the next start.\n");
      await bot.stop({ graceMs: 10_000 });
    });
}
