import type { ThreadRef } from "../../core/ids.ts";
import { openCore } from "./core.ts";
import type { ConsoleWorkspaceOptions } from "./core.ts";
import { consoleFaults } from "./faults.ts";
import type { ConsoleFaults } from "./faults.ts";
import { say } from "./person.ts";
import type { Said } from "./person.ts";
import { consoleServer } from "./server.ts";
import type { ConsoleServer } from "./server.ts";
import type { ConsoleChange, Transcript } from "./transcript.ts";

/**
 * A chat platform in this process: threads, people, messages, files and posts, kept in a folder. It has what a
 * real platform's servers have: what was posted stays when the bot dies, and what the bot did not acknowledge is
 * delivered again. One process at a time may use a folder.
 */
export interface ConsoleWorkspace extends AsyncDisposable {
  /** Part of every thread's id; made up when the folder is new. */
  readonly id: string;
  readonly dir: string;
  /** Says something as a person. Resolves when it is stored; the bot gets it when it is there. */
  say(said: Said): Promise<{ readonly thread: string; readonly messageId: string }>;
  /** All threads, oldest first. */
  threads(): readonly {
    readonly thread: string;
    readonly channel: string;
    readonly entries: number;
  }[];
  /** What a person sees of a thread; undefined when there is no such thread. */
  transcript(thread: string): Transcript | undefined;
  /** The id of a thread for the rest of Opsthread; undefined when there is no such thread. */
  threadRef(thread: string): ThreadRef | undefined;
  /** The ids of messages that the bot has not acknowledged yet. */
  unacknowledged(): readonly string[];
  /** Resolves when the bot has taken everything that was said. Whether it has answered, `bot.idle()` tells. */
  delivered(): Promise<void>;
  /** Calls `listener` on each change, until the returned function is called. */
  onChange(listener: (change: ConsoleChange) => void): () => void;
  readonly faults: ConsoleFaults;
  /** The bot's side: what {@link consoleAdapter} talks to. */
  readonly server: ConsoleServer;
}

/**
 * Opens the workspace that is kept in a folder.
 *
 * @example
 * await using workspace = await openConsoleWorkspace({ dir: ".opsthread/console" });
 * const { thread } = await workspace.say({ actor: { id: "ada" }, text: "help" });
 *
 * @throws {OpsthreadError} `STORE_CORRUPT` when the folder holds something else
 */
export async function openConsoleWorkspace(
  options: ConsoleWorkspaceOptions,
): Promise<ConsoleWorkspace> {
  const core = await openCore(options);
  const { id, dir, state, progress } = core;
  const server = consoleServer(core);
  return {
    id,
    dir,
    server,
    faults: consoleFaults(core.faults),
    async say(said) {
      const event = await say(core, said);
      server.notify(event);
      return { thread: event.thread, messageId: event.id };
    },
    threads: () =>
      [...state.threads].map(([thread, { channel, entries }]) => ({
        thread,
        channel,
        entries: entries.length,
      })),
    transcript(thread) {
      const known = state.threads.get(thread);
      if (known === undefined) return undefined;
      const lines = [...(progress.get(thread) ?? [])];
      return {
        thread,
        channel: known.channel,
        entries: [...known.entries],
        progress: lines.map(([key, markdown]) => ({ key, markdown })),
      };
    },
    threadRef(thread) {
      const channel = state.threads.get(thread)?.channel;
      if (channel === undefined) return undefined;
      return { platform: "console", workspace: id, channel, thread };
    },
    delivered: () => server.delivered(),
    unacknowledged: () => [...state.unacknowledged.keys()],
    onChange(listener) {
      core.listeners.add(listener);
      return () => void core.listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await core[Symbol.asyncDispose]();
    },
  };
}
