import type { Logger } from "../../core/logger.ts";
import { sandboxConfigOf, type SandboxFlags } from "../sandbox-options.ts";
import { openDemoBot } from "./bot.ts";
import { type Check, checkThreads } from "./checks.ts";
import type { DemoFiles } from "./fixtures.ts";
import { type Screen, watchProgress } from "./screen.ts";
import { followUp, ada, openThreads } from "./script.ts";

/** Runs the main job once, shows the threads, and checks what came of it. */
export async function runDemo({
  folder,
  files,
  screen,
  log,
  sandbox,
}: {
  readonly folder: string;
  readonly files: DemoFiles;
  readonly screen: Screen;
  readonly log: Logger;
  readonly sandbox: SandboxFlags;
}): Promise<readonly Check[]> {
  await using demo = await openDemoBot(folder, { log, sandbox: sandboxConfigOf(sandbox) });
  const { workspace, bot } = demo;
  await bot.start();
  screen.say(`sandbox: ${bot.sandboxes.name} (${bot.sandboxes.capabilities.isolation})`);
  using progress = watchProgress(workspace, screen);
  const threads = await openThreads(workspace, files);
  await demo.settled();
  for (const thread of Object.values(threads)) screen.thread(workspace.transcript(thread));
  const checks = await checkThreads(workspace, threads, { withProgress: progress.threads });

  screen.title("A question in the first thread, without a mention");
  await workspace.say({ actor: ada, thread: threads.logs, text: followUp });
  await demo.settled();
  const transcript = workspace.transcript(threads.logs);
  screen.thread(transcript && { ...transcript, entries: transcript.entries.slice(-2) });
  const answer = transcript?.entries.at(-1);
  const answered = answer?.type === "post" && answer.markdown.includes("config reloaded");
  return [
    ...checks,
    { what: "the question without a mention is answered from the logs", ok: answered },
  ];
}
