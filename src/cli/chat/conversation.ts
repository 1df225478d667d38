import type { Interface } from "node:readline";

import {
  type ConsoleChange,
  type ConsoleWorkspace,
  renderEntry,
  renderTranscript,
} from "../../adapters/console/index.ts";
import { messageOf } from "../../core/errors.ts";
import { type Input, inputHelp, parseInput } from "./input.ts";

export interface ConversationOptions {
  readonly workspace: ConsoleWorkspace;
  readonly actor: { readonly id: string; readonly name: string };
  readonly lines: Interface;
  readonly print: (text: string) => void;
  /** A person at a terminal: sees a prompt, and what they typed is not repeated. */
  readonly interactive: boolean;
  readonly show: { readonly width: number; readonly color: boolean };
  /** Resolves when everything that was said is answered. */
  readonly settled: () => Promise<void>;
}

/** Reads lines until the input ends or someone quits, and shows what is said in the thread that is open. */
export async function converse(options: ConversationOptions): Promise<void> {
  const { workspace, lines, interactive, settled } = options;
  const conversation = new Conversation(options);
  const unwatch = workspace.onChange((change) => conversation.show(change));
  // Lines that are piped in wait for each other's answers; only `stop` never waits.
  let earlier = Promise.resolve();
  conversation.begin();
  try {
    for await (const line of lines) {
      const input = parseInput(line);
      if (input.type === "command" && input.name === "quit") break;
      const waits = !interactive && !(input.type === "say" && /^stop$/i.test(input.text));
      if (waits) earlier = earlier.then(settled).then(() => conversation.take(input));
      else await conversation.take(input);
      conversation.ask();
    }
    if (!interactive) await earlier.then(settled);
  } finally {
    unwatch();
  }
}

class Conversation {
  readonly #options: ConversationOptions;
  #thread: string | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#thread = options.workspace.threads().at(-1)?.thread;
  }

  /** Goes on where the last conversation ended, and shows it. */
  begin(): void {
    const { workspace, print, show } = this.#options;
    const last = this.#thread === undefined ? undefined : workspace.transcript(this.#thread);
    if (last) print(renderTranscript(last, show));
    this.ask();
  }

  ask(): void {
    const { interactive, lines } = this.#options;
    if (!interactive) return;
    lines.setPrompt(`${this.#thread ?? "new thread"}> `);
    lines.prompt(true);
  }

  show(change: ConsoleChange): void {
    const { interactive, print, show } = this.#options;
    if (change.thread !== this.#thread) return;
    if (change.type === "progress" && change.markdown === undefined) return;
    if (change.type === "entry" && change.entry.type === "message" && interactive) return;
    const clear = interactive ? "\r\u001B[K" : "";
    if (change.type === "progress") print(`${clear}  … ${change.markdown}`);
    else print(`${clear}${renderEntry(change.entry, show)}\n`);
    this.ask();
  }

  async take(input: Input): Promise<void> {
    const { workspace, print } = this.#options;
    switch (input.type) {
      case "nothing":
        return;
      case "say":
        return this.#say(input);
      case "open":
        if (workspace.transcript(input.thread)) this.#thread = input.thread;
        else print(`There is no thread "${input.thread}"; /threads lists them.`);
        return;
      case "unknown":
        print(`There is no command ${input.text.split(" ")[0]}; /help lists them.`);
        return;
      case "command":
        return this.#obey(input.name);
    }
  }

  async #say({ text, files }: Extract<Input, { type: "say" }>): Promise<void> {
    const { workspace, actor, print } = this.#options;
    const thread = this.#thread;
    if (thread === undefined && /^stop$/i.test(text)) return print("Nothing is running here.");
    try {
      const said = await workspace.say({
        actor,
        text,
        files,
        ...(thread !== undefined && { thread }),
      });
      if (said.thread !== thread) print(`(thread ${said.thread})`);
      this.#thread = said.thread;
    } catch (error) {
      print(`Nothing was said: ${messageOf(error)}`);
    }
  }

  #obey(command: Extract<Input, { type: "command" }>["name"]): void {
    const { workspace, print, show } = this.#options;
    if (command === "new") this.#thread = undefined;
    if (command === "help") print(inputHelp);
    if (command === "threads") {
      const list = workspace.threads();
      if (list.length === 0) print("There are no threads yet.");
      for (const { thread, channel, entries } of list)
        print(`${thread}  #${channel}  ${entries} entries`);
    }
    if (command !== "history") return;
    const transcript = this.#thread === undefined ? undefined : workspace.transcript(this.#thread);
    print(transcript ? renderTranscript(transcript, show) : "No thread is open.");
  }
}
