import { createBot } from "opsthread";
import { consoleAdapter, openConsole } from "opsthread/console";

const workspace = await openConsole({ folder: ".opsthread/console" });
await using bot = await createBot({
  adapters: [consoleAdapter({ workspace })],
  access: { admins: ["console:local:you"] },
  dataFolder: ".opsthread",
});
await bot.start();

const { thread } = await workspace.say({ text: "logs what went wrong?", files: ["app.log"] });
await bot.idle();
console.log(workspace.transcript(thread));
