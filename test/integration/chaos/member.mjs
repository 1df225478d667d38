// One process of a bot: node member.mjs '{ "role", "redis", "name", "platform", "dataFolder", "log" }'
import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

import { createBot, defineTool } from "opsthread";
import { scriptedModel } from "opsthread/testing";
import { z } from "zod";

import { platformAdapter } from "./platform-adapter.mjs";

const {
  role,
  redis,
  name,
  platform,
  dataFolder,
  log,
  toolMs = [0, 100],
} = JSON.parse(process.argv[2]);

/** Answers each message once a tool ran for it: for `…-1` one that must not run twice, for `…-2` one that may, and so on. */
const model = scriptedModel(({ items }) => {
  const answered = items.findLastIndex(
    ({ type, response }) => type === "assistant" && response.toolCalls.length === 0,
  );
  const asked = items.slice(answered + 1).filter(({ type }) => type === "user");
  const called = new Set(
    items.flatMap(({ response }) => response?.toolCalls.map(({ callId }) => callId) ?? []),
  );
  const toolCalls = asked
    .filter(({ text }) => !called.has(text))
    .map(({ text }) => ({
      callId: text,
      tool: Number(text.split("-")[1]) % 2 === 0 ? "often" : "once",
      args: { note: text },
    }));
  if (toolCalls.length > 0) return { toolCalls };
  return { text: `answers ${asked.map(({ text }) => text).join(" ")}` };
});

const tool = (called, effect) =>
  defineTool({
    name: called,
    description: "Has an effect that is counted.",
    input: z.object({ note: z.string() }),
    effect,
    async run({ note }, { executionId, signal }) {
      const body = JSON.stringify({ id: `${called} ${executionId}`, pid: process.pid });
      await fetch(`${platform}/effect`, { method: "POST", body, signal });
      const [least, most] = toolMs;
      await setTimeout(least + Math.random() * (most - least), undefined, { signal });
      return { status: "ok", output: note, measures: {}, artifacts: [] };
    },
  });

const write = (level) => (data, message) =>
  appendFileSync(
    log,
    `${JSON.stringify({ at: Date.now(), pid: process.pid, role, level, message, ...data })}\n`,
  );
const logger = {
  debug: () => {},
  info: () => {},
  warn: write("warn"),
  error: write("error"),
  child: () => logger,
};

const bot = await createBot({
  adapters: [platformAdapter(platform)],
  access: { admins: ["twin:W:U1"] },
  dataFolder,
  model,
  tasks: [],
  tools: [tool("once", "at-most-once"), tool("often", "idempotent")],
  redis: { connection: redis, name },
  role,
  sandbox: { driver: "virtual" },
  tracing: { files: false },
  concurrency: 8,
  sendMs: 2000,
  log: logger,
});
await bot.start();
process.on("SIGTERM", () => void bot.stop().then(() => process.exit(0)));
process.stdout.write("ready\n");
