/**
 * Echo turns of a bot on Redis and BullMQ, from accepted to posted, beside what BullMQ alone does with jobs that do nothing: at
 * 1, 4 and 16 sessions side by side, as many in flight. And what 10,000 idle sessions take.
 *   --turns 1000 --idle 10000
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

import type { Adapter, Inbound } from "../dist/adapters/adapter.js";
import type { Model } from "../dist/agent/model.js";
import { type Bot, createBot } from "../dist/bot.js";
import { type Figure, type Flags, percentile } from "./harness.ts";

const port = 16_399;
const url = `redis://127.0.0.1:${port}`;

export async function run(flags: Flags): Promise<Figure[]> {
  const turns = Number(flags["turns"] ?? 1000);
  const idle = Number(flags["idle"] ?? 10_000);
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const redis = await startRedis(folder);
  try {
    const figures: Figure[] = [];
    for (const concurrency of [1, 4, 16]) {
      const peer = await rawJobs(concurrency, turns * 4);
      const ours = await echoTurns(folder, concurrency, turns);
      figures.push(
        {
          name: `turns a second, ${concurrency} side by side`,
          unit: "/s",
          ours: ours.perSecond,
          peer: peer.perSecond,
          peerName: "BullMQ's empty jobs",
          target: peer.perSecond / 2,
          better: "higher",
        },
        ...[50, 99].map((percent) => ({
          name: `accepted to posted, p${percent}, ${concurrency} in flight`,
          unit: "ms",
          ours: percentile(ours.latencies, percent),
          peer: percentile(peer.latencies, percent),
          peerName: "BullMQ's empty jobs",
        })),
      );
    }
    return [...figures, ...(await idleSessions(folder, idle))];
  } finally {
    redis.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}

interface Run {
  readonly perSecond: number;
  readonly latencies: readonly number[];
}

/** Keeps so many in flight until all are done. */
async function inFlight(
  most: number,
  count: number,
  one: (n: number) => Promise<void>,
): Promise<Run> {
  const latencies: number[] = [];
  let next = 0;
  const begun = performance.now();
  const lane = async (): Promise<void> => {
    while (next < count) {
      const n = next;
      next += 1;
      const at = performance.now();
      await one(n);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: most }, lane));
  return { perSecond: (count * 1000) / (performance.now() - begun), latencies };
}

async function rawJobs(concurrency: number, count: number): Promise<Run> {
  const name = `raw-${concurrency}`;
  const client = new Redis(url, { maxRetriesPerRequest: null });
  const blocking = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue(name, { connection: client });
  const done = new Map<string, () => void>();
  const worker = new Worker(name, async ({ data }) => done.get(data.id)?.(), {
    connection: blocking,
    concurrency,
  });
  await worker.waitUntilReady();
  const result = await inFlight(concurrency, count, async (n) => {
    const id = String(n);
    const processed = new Promise<void>((resolve) => done.set(id, resolve));
    await queue.add("job", { id }, { removeOnComplete: true });
    await processed;
  });
  await worker.close();
  await queue.close();
  for (const each of [client, blocking]) each.disconnect();
  return result;
}

async function echoTurns(folder: string, concurrency: number, count: number): Promise<Run> {
  const platform = echoPlatform();
  const name = `echo-${concurrency}`;
  await using bot = await openBot(folder, name, { concurrency, platform });
  await bot.start();
  return await inFlight(concurrency, count, (n) => platform.say(`T${n}`));
}

async function idleSessions(folder: string, count: number): Promise<Figure[]> {
  const client = new Redis(url);
  const usedBytes = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
  const platform = echoPlatform();
  await using bot = await openBot(folder, "idle", { concurrency: 16, platform });
  await bot.start();
  await platform.say("first");
  await bot.idle();
  const [bytesBefore, timersBefore] = [await usedBytes(), await timers()];
  await inFlight(32, count, (n) => platform.say(`T${n}`));
  await bot.idle();
  const bytes = (await usedBytes()) - bytesBefore;
  client.disconnect();
  return [
    { name: "memory in Redis of an idle session", unit: "bytes", ours: bytes / count },
    {
      name: `timers that ${count} idle sessions keep`,
      unit: "",
      ours: Math.max((await timers()) - timersBefore, 0),
      target: 0,
    },
  ];
}

/** The fewest in a while: what the process itself does now and then has timers too. */
async function timers(): Promise<number> {
  const counts: number[] = [];
  for (let sample = 0; sample < 40; sample += 1) {
    await delay(50);
    counts.push(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length);
  }
  return Math.min(...counts);
}

function openBot(
  dataFolder: string,
  name: string,
  { concurrency, platform }: { readonly concurrency: number; readonly platform: EchoPlatform },
): Promise<Bot> {
  return createBot({
    adapters: [platform.adapter],
    access: { users: ["bench:w:*"], channels: ["bench:w:*"] },
    dataFolder,
    model: echo,
    redis: { connection: url, name },
    sandbox: { driver: "virtual" },
    tracing: { files: false },
    concurrency,
  });
}

interface EchoPlatform {
  readonly adapter: Adapter;
  /** Says something in a thread; resolves when the answer is posted. */
  say(thread: string): Promise<void>;
}

function echoPlatform(): EchoPlatform {
  const answered = new Map<string, () => void>();
  let inbound: Inbound | undefined;
  return {
    async say(thread) {
      const answer = new Promise<void>((resolve) => answered.set(thread, resolve));
      await inbound?.receive({
        id: thread,
        thread: { platform: "bench", workspace: "w", channel: "c", thread },
        actor: { id: "u", roles: [] },
        kind: "mention",
        text: "hello",
        attachments: [],
        sentAt: Date.now(),
      });
      await answer;
    },
    adapter: {
      platform: "bench",
      async start(given) {
        inbound = given;
      },
      async post({ thread, key }) {
        answered.get(thread.thread)?.();
        return { messageId: key };
      },
      async findPost() {
        return undefined;
      },
      async showProgress() {},
      async *download() {},
      async [Symbol.asyncDispose]() {},
    },
  };
}

const echo: Model = {
  name: "bench/echo",
  capabilities: { contextTokens: 100_000 },
  async *respond() {
    const usage = { inputTokens: 10, outputTokens: 10 };
    yield { type: "completed", response: { text: "hello", toolCalls: [], usage } };
  },
};

async function startRedis(folder: string): Promise<ChildProcess> {
  const options = {
    port: String(port),
    bind: "127.0.0.1",
    dir: folder,
    appendonly: "yes",
    save: "",
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const server = spawn("redis-server", args, { stdio: "ignore" });
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on("error", () => {}); // It does not listen yet.
  await client.ping();
  client.disconnect();
  return server;
}
