/**
 * From event to acknowledged under load: 200 messages a second over 500 threads for 30 seconds, with turns running off the
 * queue and posts going out at the same time, on the embedded drivers (SQLite, synchronous=FULL). The floor beside it is an
 * fsync of a small write in the same folder.
 */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Adapter, Inbound } from "../dist/adapters/adapter.js";
import type { Model } from "../dist/agent/model.js";
import { createBot } from "../dist/bot.js";
import { type Figure, median, percentile } from "./harness.ts";

const perSecond = 200;
const threads = 500;
const seconds = 30;

export async function run(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const platform = countingPlatform();
  const bot = await createBot({
    adapters: [platform.adapter],
    access: { users: ["bench:w:*"], channels: ["bench:w:*"] },
    dataFolder: folder,
    model: echo,
  });
  try {
    await bot.start();
    const { latencies, heaps } = await load(platform.inbound());
    await bot.idle();
    const sent = perSecond * seconds;
    if (platform.answered() !== sent)
      throw new Error(`${platform.answered()} of ${sent} messages were answered`);
    const early = median(heaps.slice(heaps.length / 3, heaps.length / 2));
    const late = median(heaps.slice(-heaps.length / 6));
    const floor = await fsyncs(folder);
    return [
      {
        name: "accept, p50",
        unit: "ms",
        ours: median(latencies),
        peer: median(floor),
        peerName: "one fsync",
      },
      {
        name: "accept, p99",
        unit: "ms",
        ours: percentile(latencies, 99),
        peer: percentile(floor, 99),
        peerName: "one fsync",
        target: 100,
      },
      {
        name: "heap growth from the middle of the run to its end",
        unit: "MB",
        ours: (late - early) / 1e6,
        target: 16,
      },
    ];
  } finally {
    await bot.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function load(inbound: Inbound): Promise<{ latencies: number[]; heaps: number[] }> {
  const latencies: number[] = [];
  const heaps: number[] = [];
  const begun = performance.now();
  const pending: Promise<void>[] = [];
  for (let count = 0; count < perSecond * seconds; count += 1) {
    const due = begun + (count * 1000) / perSecond;
    if (due > performance.now()) await delay(due - performance.now());
    pending.push(deliver(inbound, count, latencies));
    if (count % perSecond === 0) heaps.push(heapInUse());
  }
  await Promise.all(pending);
  return { latencies, heaps };
}

/** A repeat of every twentieth message goes along, as platforms do. */
async function deliver(inbound: Inbound, count: number, latencies: number[]): Promise<void> {
  const start = performance.now();
  const message = {
    id: `m${count}`,
    thread: { platform: "bench", workspace: "w", channel: "c", thread: `t${count % threads}` },
    actor: { id: "U1", roles: [] },
    kind: "mention" as const,
    text: `${count}`,
    attachments: [],
    sentAt: Date.now(),
  };
  const { status } = await inbound.receive(message);
  latencies.push(performance.now() - start);
  if (status !== "accepted") throw new Error(`Message ${count}: ${status}`);
  if (count % 20 === 0) await inbound.receive(message);
}

function heapInUse(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Answers every message that has no answer yet by repeating it. */
const echo: Model = {
  name: "bench/echo",
  capabilities: { contextTokens: 1e9 },
  async *respond({ items }) {
    const answered = items.findLastIndex(({ type }) => type === "assistant");
    const words = items
      .slice(answered + 1)
      .flatMap((item) => (item.type === "user" ? [item.text] : []));
    const usage = { inputTokens: 1, outputTokens: 1 };
    yield { type: "completed", response: { text: words.join(" "), toolCalls: [], usage } };
  },
};

function countingPlatform(): { adapter: Adapter; inbound: () => Inbound; answered: () => number } {
  let answered = 0;
  let posts = 0;
  let inbound: Inbound | undefined;
  const adapter: Adapter = {
    platform: "bench",
    start: (given) => {
      inbound = given;
      return Promise.resolve();
    },
    post: ({ markdown }) => {
      answered += markdown.split(" ").length;
      return Promise.resolve({ messageId: `${(posts += 1)}` });
    },
    findPost: () => Promise.resolve(undefined),
    showProgress: () => Promise.resolve(),
    download: () => {
      throw new Error("Not expected here");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    adapter,
    inbound: () => {
      if (!inbound) throw new Error("The bot has not started");
      return inbound;
    },
    answered: () => answered,
  };
}

async function fsyncs(folder: string): Promise<number[]> {
  const file = await open(join(folder, "floor"), "w");
  const times: number[] = [];
  for (let count = 0; count < 500; count += 1) {
    const start = performance.now();
    await file.write(Buffer.alloc(500));
    await file.datasync();
    times.push(performance.now() - start);
  }
  await file.close();
  return times;
}
