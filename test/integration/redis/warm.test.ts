import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import type { Adapter } from "../../../src/adapters/adapter.ts";
import { scriptedModel } from "../../../src/agent/models/scripted.ts";
import { type Bot, createBot } from "../../../src/bot.ts";
import { sessionIdOf } from "../../../src/core/ids.ts";
import { bullmqQueue } from "../../../src/queue/bullmq/index.ts";
import { redisWarmth } from "../../../src/redis/warmth.ts";
import { sampleMessage, sampleThread } from "../../../src/testing/samples.ts";
import { tool } from "../../agent/harness.ts";
import { DurableSandboxes } from "../../sessions/durable-sandboxes.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

/** Two workers whose sandboxes rest between turns. Each turn uses the sandbox, and notes which worker did. */
async function openWorkers({ concurrency = 4 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-warm-"));
  const name = `test-${randomUUID()}`;
  const handled: { readonly worker: number; readonly sessionId: string; readonly at: number }[] =
    [];
  let meanwhile: (worker: number) => Promise<void> = async () => {};
  const adapter = (): Adapter => ({
    platform: sampleThread("T").platform,
    start: async () => {},
    post: async ({ key }) => ({ messageId: key }),
    findPost: async () => undefined,
    showProgress: async () => {},
    download: () => {
      throw new Error("There is nothing to download");
    },
    async [Symbol.asyncDispose]() {},
  });
  const start = async (worker: number): Promise<Bot> => {
    const model = scriptedModel(({ items }) =>
      items.at(-1)?.type === "tool-result"
        ? { text: "done" }
        : { toolCalls: [{ tool: "use", callId: `${items.length}` }] },
    );
    const use = tool("use", async ({ session }) => {
      await session.sandbox();
      handled.push({ worker, sessionId: session.sessionId, at: Date.now() });
      await meanwhile(worker);
      return "used";
    });
    const bot = await createBot({
      adapters: [adapter()],
      access: { admins: [`${sampleThread("T").platform}:W1:U1`] },
      dataFolder: folder,
      redis: { connection: redis.url, name },
      role: "worker",
      sandboxes: new DurableSandboxes(),
      model,
      tools: [use],
      concurrency,
      tracing: { files: false },
    });
    await bot.start();
    return bot;
  };
  const bots = [await start(0), await start(1)] as const;
  const queue = bullmqQueue({ redis: redis.url, name });
  let said = 0;
  return {
    name,
    handled,
    during(work: typeof meanwhile) {
      meanwhile = work;
    },
    async say(thread: string): Promise<void> {
      const message = sampleMessage(`M${(said += 1)}`, sampleThread(thread));
      const { sessionId } = await bots[0].store.accept(message, { opens: true });
      queue.wake(sessionId);
    },
    /** Until the thread is at rest, after so many turns of all threads. */
    async rested(thread: string, count: number): Promise<void> {
      await vi.waitFor(async () => {
        expect(handled.length).toBeGreaterThanOrEqual(count);
        const info = await bots[1].store.session(sessionIdOf(sampleThread(thread)));
        expect(info?.dirty).toBe(false);
      }, soon);
    },
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      for (const bot of bots) await bot.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const soon = { timeout: 30_000, interval: 5 };

test("a session is taken by the worker that has its sandbox warm, whichever one is woken", async () => {
  await using workers = await openWorkers();
  const { name } = workers;
  await workers.say("T1");
  await workers.rested("T1", 1);
  // From here on the queue brings nothing: what runs was offered.
  const wakes = new Queue("wakes", { connection: { url: redis.url }, prefix: `{${name}:queue}` });
  await wakes.pause();
  await using woken = redisWarmth({ redis: redis.url, name });
  await workers.say("T1");
  expect(await woken.offer(sessionIdOf(sampleThread("T1")))).toBe(true);
  await workers.rested("T1", 2);

  expect(workers.handled[1]?.worker).toBe(workers.handled[0]?.worker);
  await wakes.resume();
  await wakes.close();
});

test("a session whose worker is busy goes to another one after a short while", async () => {
  await using workers = await openWorkers({ concurrency: 1 });
  await workers.say("T1");
  await workers.rested("T1", 1);
  const warm = workers.handled[0]?.worker;
  const gates = [gate(), gate()] as const;
  workers.during((worker) => gates[worker === 0 ? 0 : 1].opened);
  // One for each of them.
  await workers.say("T2");
  await workers.say("T3");
  await vi.waitFor(() => expect(workers.handled).toHaveLength(3), soon);
  gates[warm === 0 ? 1 : 0].open();

  await workers.say("T1");
  await workers.rested("T1", 4);
  expect(workers.handled[3]?.worker).not.toBe(warm);
  for (const { open } of gates) open();
});

test("a session whose worker is gone without a word goes to another one after a short while", async () => {
  await using workers = await openWorkers();
  const client = new Redis(redis.url);
  const sessionId = sessionIdOf(sampleThread("T1"));
  await client.set(`${workers.name}:warm:${sessionId}`, "a worker that was killed");
  const saidAt = Date.now();
  await workers.say("T1");
  await workers.rested("T1", 1);

  expect(await client.exists(`${workers.name}:warm:${sessionId}`)).toBe(1);
  expect(await client.pttl(`${workers.name}:warm:${sessionId}`)).toBeGreaterThan(0);
  expect((workers.handled[0]?.at ?? 0) - saidAt).toBeLessThan(1500);
  client.disconnect();
});

function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
