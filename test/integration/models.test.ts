import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { anthropicTwin } from "../../src/testing/twins/anthropic-twin.ts";
import { chatTwin } from "../../src/testing/twins/chat-twin.ts";
import { openaiTwin } from "../../src/testing/twins/openai-twin.ts";
import { fail } from "../../src/testing/twins/openai/faults.ts";
import * as openai from "../../src/testing/twins/openai/steps.ts";
import { call, say } from "../../src/testing/twins/scripting/step.ts";

const program = join(import.meta.dirname, "../../bin/opsthread.js");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "opsthread-models-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function opsthread(args: readonly string[], env: Record<string, string>, input = "") {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], ...env },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => (stdout += String(text)));
  child.stderr.on("data", (text) => (stderr += String(text)));
  child.stdin.end(input);
  const [status] = await once(child, "close");
  return { status, stdout, stderr };
}

const chat = (model: string, env: Record<string, string>, data: string) =>
  opsthread(
    ["chat", "--data", data, "--sandbox", "virtual", "--model", model],
    env,
    "how many words are in this?\n",
  );

const count = "echo one two three | wc -w";

test("chat talks to OpenAI's model, whose own shell runs in the sandbox", async () => {
  await using twin = await openaiTwin({
    script: [
      openai.shell([count]),
      fail(500),
      openai.say("There are 3 words.", { phase: "final_answer" }),
    ],
  });
  const env = { OPENAI_API_KEY: twin.apiKey, OPENAI_BASE_URL: `${twin.url}/v1` };
  const { status, stdout, stderr } = await chat("openai/gpt-5.6-luna", env, "openai");
  expect(stderr).toBe("");
  expect(stdout).toContain("model: openai/gpt-5.6-luna");
  expect(stdout).toContain("There are 3 words.");
  expect(status).toBe(0);
  const second = JSON.stringify(twin.requests.at(-1)?.body);
  expect(second).toContain("previous_response_id");
  expect(second).toContain("shell_call_output");
  expect(second).not.toContain("how many words");
});

test("chat talks to Anthropic's model, whose own bash runs in the sandbox", async () => {
  await using twin = await anthropicTwin({
    script: [call("bash", { command: count }), say("There are 3 words.")],
  });
  const env = { ANTHROPIC_API_KEY: "sk-twin", ANTHROPIC_BASE_URL: twin.url };
  const { stdout, stderr } = await chat("anthropic/claude-sonnet-5-5", env, "anthropic");
  expect(stderr).toBe("");
  expect(stdout).toContain("There are 3 words.");
});

test("chat talks to a server of one's own", async () => {
  await using twin = await chatTwin({
    dialect: "ollama",
    script: [call("shell", { command: count }), say("There are 3 words.")],
  });
  const { stdout, stderr } = await chat(`${twin.url}/v1#local-model`, {}, "compatible");
  expect(stderr).toBe("");
  expect(stdout).toContain("There are 3 words.");
});

test("doctor tells whether models can be reached and are there", async () => {
  await using twin = await openaiTwin({ script: [] });
  const env = { OPENAI_API_KEY: twin.apiKey, OPENAI_BASE_URL: `${twin.url}/v1` };
  const args = ["doctor", "--json", "--sandbox", "virtual", "--data", "doctor"];
  const { stdout } = await opsthread(
    [...args, "--model", "openai/gpt-5.6-luna", "--model", "openai/none"],
    env,
  );
  const { checks } = JSON.parse(stdout) as {
    checks: readonly { name: string; status: string; text: string }[];
  };
  const found = checks.filter(({ name }) => name.startsWith("model "));
  expect(found.map(({ name, status }) => [name, status])).toEqual([
    ["model openai/gpt-5.6-luna", "ok"],
    ["model openai/none", "fail"],
  ]);
  expect(found[0]?.text).toContain("window of 400000 tokens; keeps the conversation;");
  expect(found[0]?.text).not.toContain("compacts");
  const alone = [...args, "--model", "openai/gpt-5.6-luna", "--compaction", "provider"];
  expect((await opsthread(alone, env)).stdout).toContain("compacts it from 240000 tokens on");
  const wrong = await opsthread([...args, "--model", "openai/gpt-5.6-luna"], {
    ...env,
    OPENAI_API_KEY: "sk-other",
  });
  expect(wrong.stdout).toContain("OPENAI_API_KEY");
  expect(wrong.status).not.toBe(0);
});
