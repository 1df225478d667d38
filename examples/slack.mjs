import { createBot } from "opsthread";
import { slackAdapter } from "opsthread/slack";

const { SLACK_APP_TOKEN, SLACK_BOT_TOKEN, SLACK_ADMIN } = process.env;
const bot = await createBot({
  adapters: [slackAdapter({ appToken: SLACK_APP_TOKEN, botToken: SLACK_BOT_TOKEN })],
  // Ids, as Slack shows them under "Copy member ID" and in the address of its web client.
  access: { admins: [SLACK_ADMIN] }, // slack:T0123456:U0123456
  secrets: [SLACK_APP_TOKEN, SLACK_BOT_TOKEN],
});
await bot.start();
process.once("SIGTERM", () => void bot.stop({ graceMs: 10_000 }));
process.once("SIGINT", () => void bot.stop());
