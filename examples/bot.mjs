import { createBot } from "opsthread";
import { consoleAdapter, openConsoleWorkspace, renderTranscript } from "opsthread/console";

const workspace = await openConsoleWorkspace({ dir: ".opsthread/console" });
const bot = await createBot({
  adapters: [consoleAdapter({ workspace })],
  access: { admins: [`console:${workspace.id}:ada`] },
});
await bot.start();

const files = process.argv.slice(2);
const { thread } = await workspace.say({ actor: { id: "ada" }, text: "what went wrong?", files });
await workspace.delivered();
await bot.idle();
console.log(renderTranscript(workspace.transcript(thread)));
await bot.stop();
