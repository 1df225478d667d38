import { createBot } from "opsthread";
import { discordAdapter } from "opsthread/discord";

const { DISCORD_BOT_TOKEN, DISCORD_ADMIN } = process.env;
const bot = await createBot({
  adapters: [discordAdapter({ botToken: DISCORD_BOT_TOKEN })],
  // Ids, as "Copy Server ID" and "Copy User ID" give them when developer mode is on.
  access: { admins: [DISCORD_ADMIN] }, // discord:81384788765712384:80351110224678912
  secrets: [DISCORD_BOT_TOKEN],
});
await bot.start();
process.once("SIGTERM", () => void bot.stop({ graceMs: 10_000 }));
process.once("SIGINT", () => void bot.stop());
