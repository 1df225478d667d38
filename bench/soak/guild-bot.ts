/** A bot in a busy guild, for `../discord-guild.ts`: tells its memory when it is asked, and how many messages it was brought. */
import { discordAdapter } from "../../dist/adapters/discord/index.js";

const [botToken = "", apiUrl = ""] = process.argv.slice(2);
let brought = 0;
const adapter = discordAdapter({ botToken, apiUrl });
await adapter.start({
  async receive() {
    brought += 1;
    return { status: "accepted" };
  },
  revise: async () => ({ status: "ignored" }),
  check: () => ({ allowed: true }),
  tasks: [],
});
process.on("message", (word) => {
  if (word === "end") return void adapter[Symbol.asyncDispose]().then(() => process.exit());
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ rss, heapUsed, brought });
});
process.send?.("ready");
