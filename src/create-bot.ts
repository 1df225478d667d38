import type { Bot, BotOptions } from "./bot.ts";

/**
 * Builds a bot from its parts. It does nothing before `start()`.
 *
 * @example
 * await using bot = await createBot({ adapters: [consoleAdapter({ workspace })], access: { admins: ["console:local:you"] } });
 * await bot.start();
 *
 * @throws {OpsthreadError} `CONFIG_INVALID`, `STORE_LOCKED`, `STORE_SCHEMA_NEWER`
 */
export async function createBot(options: BotOptions): Promise<Bot> {
  // What a bot is made of loads when there is to be one: importing the package stays cheap.
  const bot = await import("./bot.ts");
  return bot.createBot(options);
}
