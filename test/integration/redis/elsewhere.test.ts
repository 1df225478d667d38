import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { slackAdapter } from "../../../src/adapters/slack/index.ts";
import { createBot } from "../../../src/bot.ts";
import { probeBubblewrap } from "../../../src/sandbox/bubblewrap/probe.ts";
import { runOnHost } from "../../../src/sandbox/host-command.ts";
import { s3Twin } from "../../../src/testing/s3-twin/s3-twin.ts";
import { slackTwin } from "../../../src/testing/slack-twin/slack-twin.ts";
import { answering } from "../../agent/harness.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

const program = fileURLToPath(new URL("elsewhere-worker.mjs", import.meta.url));
const { signal } = new AbortController();
const probe = await probeBubblewrap(runOnHost, { signal });
const driver = probe.ok ? "bubblewrap" : "virtual";

const soon = { timeout: 40_000, interval: 20 };

let redis: TestRedis;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

/** A bot whose workers share Redis and a bucket, and no disk. */
async function openBot() {
  const root = await mkdtemp(join(tmpdir(), "opsthread-elsewhere-"));
  const [slack, s3] = await Promise.all([slackTwin({ rateFactor: Infinity }), s3Twin()]);
  const { appToken, botToken, apiUrl, teamId } = slack;
  const { url: endpoint, bucket, credentials } = s3;
  const name = `test-${randomUUID()}`;
  const blobs = { driver: "s3", endpoint, bucket, credentials } as const;
  const gateway = await createBot({
    adapters: [slackAdapter({ appToken, botToken, apiUrl })],
    access: { admins: [`slack:${teamId}:UANN`] },
    dataFolder: join(root, "gateway"),
    redis: { connection: redis.url, name },
    blobs,
    role: "gateway",
    model: answering(),
    tracing: { files: false },
  });
  await gateway.start();
  const workers: ChildProcess[] = [];
  return {
    slack,
    async journalled(): Promise<readonly string[]> {
      const [session] = await gateway.store.sessions({ limit: 1 });
      const journal = await gateway.store.readJournal(session?.sessionId ?? "", { after: 0 });
      return journal.map(({ entry }) => entry.type);
    },
    async startWorker(machine: string): Promise<ChildProcess> {
      const dataFolder = join(root, machine);
      const own = { redis: redis.url, name, blobs, dataFolder, driver };
      const connected = { slack: { appToken, botToken, apiUrl, teamId } };
      const worker = spawn(process.execPath, [program, JSON.stringify({ ...own, ...connected })], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      workers.push(worker);
      if (worker.stdout) await Promise.race([once(worker.stdout, "data"), once(worker, "exit")]);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      for (const worker of workers) await kill(worker);
      await gateway.stop();
      await Promise.all([slack[Symbol.asyncDispose](), s3[Symbol.asyncDispose]()]);
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function kill(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, "exit");
  worker.kill("SIGKILL");
  await ended;
}

test(`a session goes on where its former machine is gone: its files, and a file that was not posted yet (${driver})`, async () => {
  await using bot = await openBot();
  const { slack } = bot;
  const one = await bot.startWorker("one");
  const never = new Promise<void>(() => {});
  slack.faults.call("files.getUploadURLExternal", { type: "slow", until: never });
  const place = slack.say({
    text: "attach made.txt: mkdir -p deep && echo precious > deep/file && cp deep/file made.txt",
    user: "UANN",
    mention: true,
  });
  const answers = () => slack.thread(place).filter(({ isBot }) => isBot);
  await vi.waitFor(async () => expect(await bot.journalled()).toContain("workspace-kept"), soon);
  await kill(one);
  expect(answers().flatMap(({ files }) => files)).toEqual([]);

  const two = await bot.startWorker("two");
  await vi.waitFor(() => {
    const files = answers().flatMap((answer) => answer.files);
    expect(files.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([
      ["made.txt", "precious\n"],
    ]);
  }, soon);

  slack.say({ ...place, text: "cat deep/file", user: "UANN", mention: true });
  await vi.waitFor(() => {
    const said = answers()
      .map(({ text }) => text)
      .join("\n");
    expect(said).toMatch(new RegExp(`precious[^]*by ${two.pid}`));
    expect(said).toContain("The session goes on on another machine");
    expect(said).toContain("The files in /workspace are the same.");
  }, soon);
});
