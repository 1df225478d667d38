import type { ConsoleWorkspace } from "../adapters/console/index.ts";
import type { Bot } from "../bot.ts";

/** Resolves when the bot has taken everything that was said, and answered it. */
export async function settled(workspace: ConsoleWorkspace, bot: Bot): Promise<void> {
  await workspace.delivered();
  await bot.idle();
}
