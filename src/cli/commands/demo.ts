import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { Command, Option } from "commander";

import { runCrash, runVictim } from "../demo/crash.ts";
import { writeDemoFiles } from "../demo/fixtures.ts";
import { runDemo } from "../demo/run.ts";
import { terminalScreen } from "../demo/screen.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandLog } from "../log.ts";
import { type SandboxFlags, withSandboxOptions } from "../sandbox-options.ts";

interface DemoOptions extends SandboxFlags {
  readonly crash?: boolean;
  readonly data?: string;
  readonly victim?: string;
}

/** `opsthread demo`: the main job, shown and checked. */
export function demoCommand({ signal }: { readonly signal: AbortSignal }): Command {
  return withSandboxOptions(new Command("demo"), { driver: "auto" })
    .description(
      "Show the main job on generated files, in a chat workspace in this process, and check that it was done.",
    )
    .option("--crash", "then do it again, kill the bot with SIGKILL half way, and resume")
    .option(
      "--data <folder>",
      "keep threads, sessions and artifacts here (default: a new temporary folder)",
    )
    .addOption(new Option("--victim <folder>", "the process that --crash kills").hideHelp())
    .action(async (options: DemoOptions, command: Command) => {
      const log = commandLog(command);
      if (options.victim !== undefined) {
        const files = await writeDemoFiles(join(options.victim, "files"), size);
        return runVictim({ folder: options.victim, files, log, sandbox: options });
      }
      const folder = await openFolder(options.data);
      const screen = terminalScreen(process.stdout);
      screen.title(
        "Opsthread demo: a chat workspace in this process, three mentions with files attached",
      );
      const files = await writeDemoFiles(join(folder, "files"), size);
      const checks = [...(await runDemo({ folder, files, screen, log, sandbox: options }))];
      if (options.crash) {
        screen.title("A second run, in a process of its own, which is killed half way");
        checks.push(...(await runCrash({ folder, screen, log, signal, sandbox: options })));
      }
      screen.title("What had to be true");
      screen.checks(checks);
      screen.say(`\nartifacts: ${join(folder, "chat", "artifacts")}`);
      if (checks.some(({ ok }) => !ok)) process.exitCode = exitCodes.failed;
    });
}

const size = { linesPerLog: 150_000 };

async function openFolder(data: string | undefined): Promise<string> {
  if (data === undefined) return mkdtemp(join(tmpdir(), "opsthread-demo-"));
  await mkdir(data, { recursive: true });
  return resolve(data);
}
