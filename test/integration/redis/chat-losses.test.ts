import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { Adapter, Inbound } from "../../../src/adapters/adapter.ts";
import type { Model } from "../../../src/agent/model.ts";
import { type Bot, type BotOptions, createBot } from "../../../src/bot.ts";
import { bullmqQueue } from "../../../src/queue/bullmq/index.ts";
import { localQueue } from "../../../src/queue/local.ts";
import { redisStore } from "../../../src/store/redis/index.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

/** Ways in which chat frameworks were seen to lose messages, or to handle two of a thread at once. */

let redis: TestRedis;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

interface Call {
  /** The messages that have no answer yet. */
  readonly asked: readonly string[];
  readonly signal: AbortSignal;
  readonly answer: () => void;
  readonly fail: () => void;
}

/** A model whose calls end when the test says so. */
function stagedModel(): { readonly model: Model; readonly next: () => Promise<Call> } {
  const calls: Call[] = [];
  let taken = 0;
  let called = (): void => {};
  const model: Model = {
    name: "test/staged",
    capabilities: { contextTokens: 100_000 },
    async *respond({ items }, { signal }) {
      const last = items.findLastIndex(({ type }) => type === "assistant" || type === "note");
      const asked = items
        .slice(last + 1)
        .flatMap((each) => (each.type === "user" ? each.text : []));
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        const fail = (): void => reject(new Error("boom"));
        calls.push({ asked, signal, answer: resolve, fail });
        called();
      });
      const text = `answers ${asked.join(" ")}`;
      const usage = { inputTokens: 1, outputTokens: 1 };
      yield { type: "completed", response: { text, toolCalls: [], usage } };
    },
  };
  return {
    model,
    async next() {
      taken += 1;
      for (;;) {
        const call = calls[taken - 1];
        if (call) return call;
        await new Promise<void>((resolve) => {
          called = resolve;
        });
      }
    },
  };
}

interface Chat extends AsyncDisposable {
  readonly bot: Bot;
  readonly next: () => Promise<Call>;
  readonly say: (text: string) => Promise<void>;
  /** The posts so far. */
  readonly shown: readonly string[];
}

async function openChat(options: Partial<BotOptions>): Promise<Chat> {
  const { model, next } = stagedModel();
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-losses-"));
  const shown: string[] = [];
  let inbound: Inbound | undefined;
  const adapter: Adapter = {
    platform: "test",
    async start(given) {
      inbound = given;
    },
    async post({ markdown, key }) {
      shown.push(markdown);
      return { messageId: key };
    },
    findPost: async () => undefined,
    async showProgress() {},
    async *download() {},
    async [Symbol.asyncDispose]() {},
  };
  const bot = await createBot({
    adapters: [adapter],
    access: { admins: ["test:w:u"] },
    dataFolder,
    model,
    retry: { attempts: 1 },
    sandbox: { driver: "virtual" },
    tracing: { files: false },
    ...options,
  });
  await bot.start();
  return {
    bot,
    next,
    shown,
    async say(text) {
      await inbound?.receive({
        id: text,
        thread: { platform: "test", workspace: "w", channel: "c", thread: "t" },
        actor: { id: "u", roles: [] },
        kind: "mention",
        text,
        attachments: [],
        sentAt: 0,
      });
    },
    async [Symbol.asyncDispose]() {
      await bot[Symbol.asyncDispose]();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

const own = (): { readonly redis: { readonly connection: string; readonly name: string } } => ({
  redis: { connection: redis.url, name: `test-${randomUUID()}` },
});

test("a message that arrives while another is handled is answered", async () => {
  await using chat = await openChat({ ...own(), mode: "queue" });
  await chat.say("A");
  const first = await chat.next();
  await chat.say("B");
  first.answer();
  (await chat.next()).answer();
  await chat.bot.idle();

  expect(chat.shown).toEqual(["answers A", "answers B"]);
});

test("a message behind one that fails is answered, without a third one and in order", async () => {
  await using chat = await openChat({ ...own(), mode: "queue" });
  await chat.say("A");
  const first = await chat.next();
  await chat.say("B");
  first.fail();
  const second = await chat.next();
  await chat.say("C");
  second.answer();
  (await chat.next()).answer();
  await chat.bot.idle();

  expect(chat.shown).toEqual([expect.stringContaining("boom"), "answers B", "answers C"]);
});

test("a message between the last look into the inbox and the release is answered", async () => {
  const name = `test-${randomUUID()}`;
  const inner = await redisStore({ redis: redis.url, name });
  let beforeRelease = async (): Promise<void> => {};
  const store: typeof inner = {
    ...inner,
    async release(lease, options) {
      const before = beforeRelease;
      beforeRelease = async () => {};
      await before();
      return await inner.release(lease, options);
    },
  };
  await using queue = bullmqQueue({ redis: redis.url, name });
  await using chat = await openChat({ store, queue });
  beforeRelease = () => chat.say("B");
  await chat.say("A");
  (await chat.next()).answer();
  (await chat.next()).answer();
  await chat.bot.idle();

  expect(chat.shown).toEqual(["answers A", "answers B"]);
});

test("a message waits as long as it takes, and does not expire", async () => {
  const clock = manualClock();
  const name = `test-${randomUUID()}`;
  const store = await redisStore({ redis: redis.url, name, clock });
  const queue = localQueue({ clock });
  await using chat = await openChat({ store, queue, clock, mode: "queue", budget: {} });
  await chat.say("A");
  const first = await chat.next();
  await chat.say("B");
  await clock.advance(95_000);
  first.answer();
  (await chat.next()).answer();
  await chat.bot.idle();

  expect(chat.shown).toEqual(["answers A", "answers B"]);
});

test("a message that takes over ends what runs, before it is handled itself", async () => {
  await using chat = await openChat({ ...own(), mode: "interrupt" });
  await chat.say("A");
  const first = await chat.next();
  await chat.say("B");
  const second = await chat.next();

  expect(first.signal.aborted).toBe(true);
  expect(second.asked.at(-1)).toBe("B");
  second.answer();
  await chat.bot.idle();
  expect(chat.shown.at(-1)).toContain("B");
});
