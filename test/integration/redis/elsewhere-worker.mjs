// One worker of a bot on a machine of its own: node elsewhere-worker.mjs '{ "redis", "name", "slack", "blobs", "dataFolder", "driver" }'
import { createBot } from "opsthread";
import { slackAdapter } from "opsthread/slack";
import { scriptedModel } from "opsthread/testing";

const { redis, name, slack, blobs, dataFolder, driver } = JSON.parse(process.argv[2]);

/** Runs what it is told as a command, attaches what that is about, and says what came of it and what it was noted. */
const model = scriptedModel(({ items }) => {
  const at = items.findLastIndex(({ type }) => type === "user");
  const { text } = items[at];
  const results = items.slice(at).filter(({ type }) => type === "tool-result");
  const [, attached, command] = /^(?:attach (\S+): )?(.*)$/.exec(text);
  const steps = [
    { tool: "shell", args: { command } },
    ...(attached === undefined ? [] : [{ tool: "attach_file", args: { path: attached } }]),
  ];
  const next = steps[results.length];
  if (next) return { toolCalls: [{ ...next, callId: `${items.length}` }] };
  const notes = items.filter(({ type }) => type === "note").map((note) => note.text);
  return { text: [`${results[0].result.output} (${name} by ${process.pid})`, ...notes].join("\n") };
});

const bot = await createBot({
  adapters: [slackAdapter(slack)],
  access: { admins: [`slack:${slack.teamId}:UANN`] },
  dataFolder,
  model,
  redis: { connection: redis, name },
  blobs,
  role: "worker",
  // What is killed unmounts nothing.
  sandbox: { driver, bubblewrap: { quota: "watched" } },
  tracing: { files: false },
  sendMs: 1500,
});
await bot.start();
process.on("SIGTERM", () => void bot.stop().then(() => process.exit(0)));
process.stdout.write("ready\n");
