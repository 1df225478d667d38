import type { ConsoleWorkspace } from "../adapters/console/index.ts";
import type { Bot } from "../bot.ts";

/** Resolves when the bot has taken everything that was said, and answered it. */
export async function settled(workspace: ConsoleWorkspace, bot: Bot): Promise<void> {
  // What is waited for may be a timer that keeps no process alive, such as a wait before a model is asked again.
  const alive = setInterval(() => {}, 60_000);
  try {
    await workspace.delivered();
    await bot.idle();
  } finally {
    clearInterval(alive);
  }
}
