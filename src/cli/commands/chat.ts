import { join } from "node:path";
import { createInterface } from "node:readline";

import { Command, InvalidArgumentError, Option } from "commander";

import { consoleAdapter, openConsoleWorkspace } from "../../adapters/console/index.ts";
import { readOnlyCommands } from "../../agent/commands/read-only.ts";
import { createBot } from "../../bot.ts";
import { fileSource } from "../../sources/file.ts";
import type { Source } from "../../sources/source.ts";
import { sqliteStore } from "../../store/sqlite/index.ts";
import { type BudgetFlags, budgetOf, withBudgetOptions } from "../budget-options.ts";
import { converse } from "../chat/conversation.ts";
import { inputHelp } from "../chat/input.ts";
import { commandLog } from "../log.ts";
import { keysOf, type ModelFlags, urlsOf, withModelOptions } from "../model-options.ts";
import { sandboxConfigOf, type SandboxFlags, withSandboxOptions } from "../sandbox-options.ts";
import { settled } from "../settled.ts";

interface ChatOptions extends SandboxFlags, ModelFlags, BudgetFlags {
  readonly data: string;
  readonly careful?: boolean;
  readonly source?: readonly Source[];
}

/** `opsthread chat`: the bot in a terminal. */
export function chatCommand({ signal }: { readonly signal: AbortSignal }): Command {
  const chat = withSandboxOptions(new Command("chat"), { driver: "auto" });
  return withBudgetOptions(withModelOptions(chat))
    .description(
      "Talk to the bot in this terminal: threads, attachments by path, artifacts saved, stop.",
    )
    .addOption(
      new Option("--data <folder>", "keep sessions, files and threads here")
        .env("OPSTHREAD_DATA")
        .default(".opsthread"),
    )
    .option(
      "--source <name=glob>",
      'let the agent read these files at /sources/<name>, such as app="/var/log/app/*.log*"; may be repeated',
      addSource,
    )
    .option("--careful", "ask before shell commands that do more than look at things")
    .addHelpText("after", `\n${inputHelp}`)
    .action(async ({ data, source = [], careful, ...flags }: ChatOptions, command: Command) => {
      const log = commandLog(command);
      const { model, compaction } = flags;
      // First of all the lock: a second process must not touch the threads either.
      await using store = await sqliteStore({ folder: data, log });
      await using workspace = await openConsoleWorkspace({
        dir: join(data, "console"),
        logger: log,
      });
      await using bot = await createBot({
        adapters: [consoleAdapter({ workspace })],
        access: { admins: [`console:${workspace.id}:${you.id}`] },
        dataFolder: data,
        store,
        sources: source,
        sandbox: sandboxConfigOf(flags),
        ...(careful && { approvals: { rules: { commands: readOnlyCommands } } }),
        ...(model && { model }),
        ...(compaction && { compaction }),
        ...budgetOf(flags),
        keys: keysOf(process.env),
        urls: urlsOf(process.env),
        log,
      });
      await bot.start();
      const { stdin, stdout } = process;
      const { name, capabilities } = bot.sandboxes;
      const print = (text: string): void => void stdout.write(`${text}\n`);
      print(
        `sandbox: ${name} (${capabilities.isolation}); ${model ? `model: ${bot.model.name}` : "no model is configured, the offline planner answers"}; /help`,
      );
      const lines = createInterface({ input: stdin, output: stdout, terminal: stdin.isTTY });
      const close = (): void => lines.close();
      signal.addEventListener("abort", close);
      lines.on("SIGINT", close);
      const show = { width: Math.min(stdout.columns ?? 100, 110), color: stdout.isTTY };
      await converse({
        workspace,
        actor: you,
        lines,
        print,
        show,
        interactive: stdin.isTTY,
        settled: () => settled(workspace, bot),
      });
    });
}

const you = { id: "you", name: "you" };

function addSource(text: string, sources: readonly Source[] = []): readonly Source[] {
  const [, name = "", pattern = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === "") throw new InvalidArgumentError("Expected name=glob.");
  return [...sources, fileSource({ name, patterns: [pattern] })];
}
