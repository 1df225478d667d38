import {
  type ConsoleWorkspace,
  renderTranscript,
  type Transcript,
} from "../../adapters/console/index.ts";
import type { Check } from "./checks.ts";

/** Where the demo is shown. */
export interface Screen {
  title(text: string): void;
  say(text: string): void;
  thread(transcript: Transcript | undefined): void;
  checks(checks: readonly Check[]): void;
}

export function terminalScreen(stream: NodeJS.WriteStream): Screen {
  const color = stream.isTTY;
  const width = Math.min(stream.columns ?? 110, 110);
  const print = (text: string): void => void stream.write(`${text}\n`);
  return {
    title: (text) => print(`\n${color ? `\u001B[1m${text}\u001B[0m` : text}`),
    say: print,
    thread(transcript) {
      if (transcript) print(`\n${renderTranscript(transcript, { width, color })}`);
    },
    checks(checks) {
      for (const { what, ok } of checks) print(`${ok ? "✓" : "✗"} ${what}`);
    },
  };
}

/** Shows each progress line once as it comes, and remembers which threads had any. */
export function watchProgress(
  workspace: ConsoleWorkspace,
  screen: Screen,
): Disposable & { readonly threads: ReadonlySet<string> } {
  const threads = new Set<string>();
  let last = "";
  const stop = workspace.onChange((change) => {
    if (change.type !== "progress" || change.markdown === undefined) return;
    threads.add(change.thread);
    const line = `  … ${change.thread}: ${change.markdown}`;
    if (line !== last) screen.say(line);
    last = line;
  });
  return { threads, [Symbol.dispose]: stop };
}
