import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { defineTool } from "../../src/agent/define-tool.ts";
import { createBot } from "../../src/bot.ts";
import { sessionIdOf } from "../../src/core/ids.ts";
import { anthropicTwin } from "../../src/testing/twins/anthropic-twin.ts";
import { chatTwin } from "../../src/testing/twins/chat-twin.ts";
import { openaiTwin } from "../../src/testing/twins/openai-twin.ts";
import * as openai from "../../src/testing/twins/openai/steps.ts";
import { call, say } from "../../src/testing/twins/scripting/step.ts";
import { oneThread } from "./one-thread.ts";
import { openVirtual } from "./sandbox/open-virtual.ts";

const thread = { platform: "test", workspace: "w", channel: "c", thread: "large" };
const sessionId = sessionIdOf(thread);

/** 3 MB, of which no byte count is a multiple of a character. */
const output = Array.from({ length: 150_000 }, (_, line) => `line ${line}: zu viel €\n`)
  .join("")
  .padEnd(3_000_000, ".");
const capBytes = 32 * 1024;
const command = "seq 1 450000";
const numbers = Array.from({ length: 450_000 }, (_, index) => `${index + 1}\n`).join("");

const print = defineTool({
  name: "print",
  description: "Prints much.",
  input: z.object({}),
  effect: "pure",
  run: async () => ({ status: "ok", output, measures: {}, artifacts: [] }),
});

/** Asks each kind of model for the call, and tells what the bot is configured with for it. */
const openOpenai = async () => {
  const twin = await openaiTwin({
    script: [openai.call("print"), openai.shell([command]), openai.say("Much.")],
  });
  const urls = { openai: `${twin.url}/v1` };
  return { twin, options: { model: "openai/gpt-5.6-luna", keys: { openai: twin.apiKey }, urls } };
};
const openAnthropic = async () => {
  const twin = await anthropicTwin({
    script: [call("print"), call("bash", { command }), say("Much.")],
  });
  const urls = { anthropic: twin.url };
  return {
    twin,
    options: { model: "anthropic/claude-sonnet-5-5", keys: { anthropic: "sk-twin" }, urls },
  };
};
const openCompatible = async () => {
  const twin = await chatTwin({
    dialect: "ollama",
    script: [call("print"), call("shell", { command }), say("Much.")],
  });
  return { twin, options: { model: `${twin.url}/v1#local-model` } };
};

test.each([
  ["OpenAI's model", openOpenai],
  ["Anthropic's model", openAnthropic],
  ["a model of one's own", openCompatible],
])("an output of 3 MB costs %s its cap, and all of it is in a file", async (_, open) => {
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-large-"));
  onTestFinished(() => rm(dataFolder, { recursive: true }));
  await using subject = await openVirtual();
  const { twin, options } = await open();
  await using closing = twin;
  const { adapter, person, say: tell, posts } = oneThread(thread);
  await using bot = await createBot({
    ...options,
    adapters: [adapter],
    access: { admins: [person] },
    dataFolder,
    tools: [print],
    sandboxes: subject.provider,
  });
  await bot.start();
  await tell("print it");
  await bot.idle();

  expect(posts.map(({ markdown }) => markdown)).toEqual(["Much."]);
  const given = [...new Set(closing.requests.flatMap(({ body }) => dataIn(body)))];
  const [printed = ""] = given;
  const ran = given.find((text) => text.includes("stdout: ")) ?? "";
  expect(Math.max(...given.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(capBytes);
  expect(printed.startsWith(output.slice(0, 1_000))).toBe(true);
  const fileNamedBy = async (text: string, name: RegExp): Promise<Buffer> =>
    readFile(join(subject.workspace?.(sessionId) ?? "", name.exec(text)?.[1] ?? "none"));
  const whole = await fileNamedBy(printed, /\[all of it is in (\S+)\]$/);
  expect(hash(whole)).toBe(hash(Buffer.from(output)));
  expect((await fileNamedBy(ran, /all in (\S+)/)).length).toBe(numbers.length);
});

const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** What stands between the marks of data, wherever it is in a request. */
function dataIn(value: unknown): readonly string[] {
  if (typeof value === "string")
    return Array.from(
      value.matchAll(/<(data-\w+) from="\w+">\n([\s\S]*?)\n<\/\1>/g),
      ([, , text]) => String(text),
    );
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(dataIn);
}
