import { createRequire } from "node:module";

import { Command, CommanderError, Option } from "commander";

import { isOpsthreadError, messageOf } from "../core/errors.ts";
import { chatCommand } from "./commands/chat.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { imageCommand } from "./commands/image.ts";
import { initCommand } from "./commands/init.ts";
import { runCommand } from "./commands/run.ts";
import { scheduleCommand } from "./commands/schedule.ts";
import { slackCommand } from "./commands/slack.ts";
import { startCommand } from "./commands/start.ts";
import { traceCommand } from "./commands/trace.ts";
import { exitCodes } from "./exit-codes.ts";
import { interruptible } from "./interrupt.ts";

/** The command line. Ends the process with one of {@link exitCodes}. */
export async function main(args: readonly string[]): Promise<void> {
  const program = new Command("opsthread")
    .description(
      "Run ops work from chat threads: durable agent sessions, each with its own sandbox and files.",
    )
    .version(version())
    .addOption(
      new Option("--log-level <level>", "what is logged to standard error")
        .choices(["debug", "info", "warn", "error", "silent"])
        .env("OPSTHREAD_LOG_LEVEL")
        .default("warn"),
    )
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 unusable arguments or files, 3 differs (run diff --exit-code), 130 interrupted.",
    )
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
  using interrupt = interruptible();
  const { signal } = interrupt;
  program.addCommand(inherit(initCommand()));
  program.addCommand(inherit(startCommand({ signal })));
  program.addCommand(inherit(chatCommand({ signal })));
  program.addCommand(inherit(runCommand({ signal })));
  program.addCommand(inherit(demoCommand({ signal })));
  program.addCommand(inherit(traceCommand({ signal })));
  program.addCommand(inherit(scheduleCommand()));
  program.addCommand(inherit(slackCommand()));
  program.addCommand(inherit(doctorCommand({ signal })));
  program.addCommand(inherit(imageCommand({ signal })));
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = codeOf(error, signal);
  }
}

/** Commands throw, too, instead of ending the process half way. */
function inherit(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) inherit(child);
  return command;
}

function codeOf(error: unknown, signal: AbortSignal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (signal.aborted) return exitCodes.interrupted;
  const code = isOpsthreadError(error) ? ` (${error.code}, see docs/errors.md)` : "";
  process.stderr.write(`opsthread: ${messageOf(error)}${code}\n`);
  const usage = isOpsthreadError(
    error,
    "CONFIG_INVALID",
    "STORE_LOCKED",
    "STORE_SCHEMA_NEWER",
    "SOURCE_UNREADABLE",
  );
  return usage ? exitCodes.usage : exitCodes.failed;
}

function version(): string {
  const manifest: unknown = createRequire(import.meta.url)("../../package.json");
  const found = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return found ? String(manifest.version) : "unknown";
}
