import { join } from "node:path";
import { createInterface } from "node:readline";

import { Command, Option } from "commander";

import {
  consoleAdapter,
  type ConsoleWorkspace,
  openConsoleWorkspace,
  renderEntry,
  renderTranscript,
} from "../../adapters/console/index.ts";
import { type Bot, createBot } from "../../bot.ts";
import { messageOf } from "../../core/errors.ts";
import { fileSource } from "../../sources/file.ts";
import { inputHelp, parseInput } from "../chat/input.ts";
import { settled } from "../demo/bot.ts";
import { commandLog } from "../log.ts";

interface ChatOptions {
  readonly data: string;
  readonly source?: readonly string[];
}

/** `opsthread chat`: the bot in a terminal. */
export function chatCommand({ signal }: { readonly signal: AbortSignal }): Command {
  return new Command("chat")
    .description(
      "Talk to the bot in this terminal: threads, attachments by path, artifacts saved, stop.",
    )
    .addOption(
      new Option("--data <folder>", "keep sessions, files and threads here")
        .env("OPSTHREAD_DATA")
        .default(".opsthread"),
    )
    .option(
      "--source <name=glob...>",
      'let the agent read these files at /sources/<name>, such as app="/var/log/app/*.log*"',
    )
    .addHelpText("after", `\n${inputHelp}`)
    .action(async ({ data, source = [] }: ChatOptions, command: Command) => {
      const workspace = await openConsoleWorkspace({ dir: join(data, "console") });
      try {
        const bot = await createBot({
          adapters: [consoleAdapter({ workspace })],
          access: { admins: [`console:${workspace.id}:${you.id}`] },
          dataFolder: data,
          sources: source.map(parseSource),
          log: commandLog(command),
        });
        try {
          await bot.start();
          await converse(workspace, bot, signal);
        } finally {
          await bot.stop();
        }
      } finally {
        await workspace[Symbol.asyncDispose]();
      }
    });
}

const you = { id: "you", name: "you" };

function parseSource(text: string) {
  const [name = "", ...rest] = text.split("=");
  return fileSource({ name, patterns: [rest.join("=")] });
}

/** Reads lines until the input ends, and shows what is said in the thread that is open. */
async function converse(workspace: ConsoleWorkspace, bot: Bot, signal: AbortSignal): Promise<void> {
  const { stdin, stdout } = process;
  const show = { width: Math.min(stdout.columns ?? 100, 110), color: stdout.isTTY };
  const print = (text: string): void => void stdout.write(`${text}\n`);
  let thread = workspace.threads().at(-1)?.thread;
  const prompt = (): string => `${thread ?? "new thread"}> `;
  const lines = createInterface({
    input: stdin,
    output: stdout,
    prompt: prompt(),
    terminal: stdin.isTTY,
  });
  const close = (): void => lines.close();
  signal.addEventListener("abort", close);
  lines.on("SIGINT", close);

  const ask = (): void => {
    if (!stdin.isTTY) return;
    lines.setPrompt(prompt());
    lines.prompt(true);
  };
  const unwatch = workspace.onChange((change) => {
    if (change.thread !== thread) return;
    if (change.type === "progress" && change.markdown === undefined) return;
    if (change.type === "entry" && change.entry.type === "message" && stdin.isTTY) return;
    if (stdin.isTTY) stdout.write("\r\u001B[K");
    if (change.type === "progress") print(`  … ${change.markdown}`);
    else print(`${renderEntry(change.entry, show)}\n`);
    ask();
  });

  const { name, capabilities } = bot.sandboxes;
  print(
    `sandbox: ${name} (${capabilities.isolation}); no model is configured, the offline planner answers. /help`,
  );
  ask();
  try {
    for await (const line of lines) {
      const input = parseInput(line);
      if (input.type === "command" && input.name === "quit") break;
      if (input.type === "say") {
        try {
          const { text, files } = input;
          const said = await workspace.say({ actor: you, text, files, ...(thread && { thread }) });
          if (thread !== said.thread) {
            ({ thread } = said);
            print(`(thread ${thread})`);
          }
        } catch (error) {
          print(`Nothing was said: ${messageOf(error)}`);
        }
      }
      if (input.type === "open") {
        if (workspace.transcript(input.thread)) ({ thread } = input);
        else print(`There is no thread "${input.thread}"; /threads lists them.`);
      }
      if (input.type === "unknown")
        print(`There is no command ${input.text.split(" ")[0]}; /help lists them.`);
      if (input.type === "command") thread = obey(input.name, thread);
      ask();
    }
    if (!signal.aborted && !stdin.isTTY) await settled(workspace, bot);
  } finally {
    unwatch();
    signal.removeEventListener("abort", close);
    lines.close();
  }

  function obey(command: string, open: string | undefined): string | undefined {
    if (command === "new") return undefined;
    if (command === "help") print(inputHelp);
    if (command === "threads")
      for (const each of workspace.threads())
        print(`${each.thread}  #${each.channel}  ${each.entries} entries`);
    const transcript = open === undefined ? undefined : workspace.transcript(open);
    if (command === "history")
      print(transcript ? renderTranscript(transcript, show) : "No thread is open.");
    return open;
  }
}
