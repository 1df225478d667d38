import { expect, test } from "vitest";

import { type Budgets, defaultBudgets } from "../../src/agent/budget.ts";
import type { Model } from "../../src/agent/model.ts";
import { modelError } from "../../src/agent/models/model-error.ts";
import { sessionIdOf, type ThreadRef } from "../../src/core/ids.ts";
import { addSpent, nothingSpent, type Spent, usageOf } from "../../src/core/spent.ts";
import { accountsOf } from "../../src/sessions/spending.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { type Answer, answering, tool } from "../agent/harness.ts";
import { fileStore } from "./file-store.ts";
import { messageTo, type Trouble, World } from "./world.ts";

const {
  clock,
  store,
  newThread: threadIn,
} = await fileStore(manualClock(Date.UTC(2026, 10, 26, 12)));

let channels = 0;
/** In a channel of its own, unless another is given. */
const newThread = (channel = `c${(channels += 1)}`): ThreadRef => threadIn(channel);

const look = tool("look", () => Promise.resolve("seen"));
const prices = { "test/answering": { input: 1_000, output: 10_000 } };

function worldWith(
  budgets: Partial<Budgets>,
  model: Model,
  troubles: ReadonlyMap<number, Trouble> = new Map(),
): World {
  const engine = { model, prices, tools: [look], budgets: { ...defaultBudgets, ...budgets } };
  return new World({ store, clock, engine, troubles });
}

const dayMs = 24 * 60 * 60_000;

let said = 0;
async function say(world: World, thread: ThreadRef, text = "go"): Promise<void> {
  await world.deliver(messageTo(thread, `b${(said += 1)}`, text));
  await world.settle();
}

const postsIn = (world: World, thread: ThreadRef) =>
  world.shown.filter(({ sessionId }) => sessionId === sessionIdOf(thread));
const spentIn = async (thread: ThreadRef): Promise<Spent> =>
  (await store.spent([accountsOf(thread, clock.now()).channel]))[0] ?? nothingSpent;
const looks = (count: number): Answer[] => Array.from({ length: count }, () => [["look"]]);

test("the thread sees with the answer what the turn took", async () => {
  const thread = newThread();
  await using world = worldWith({}, answering([["look"]], "done"));
  await say(world, thread);
  // 100 tokens in and 10 out a step.
  expect(postsIn(world, thread).map(({ kind, usage }) => [kind, usage])).toEqual([
    [
      "answer",
      {
        steps: 2,
        inputTokens: 200,
        outputTokens: 20,
        usd: expect.closeTo(0.4),
        ms: expect.any(Number),
      },
    ],
  ]);
  expect(await spentIn(thread)).toMatchObject({ steps: 2, tokens: 220, usd: expect.closeTo(0.4) });
});

test("a model that counts nothing has nothing to be seen", async () => {
  const thread = newThread();
  const free: Model = {
    name: "test/free",
    capabilities: { contextTokens: 10_000 },
    async *respond() {
      const usage = { inputTokens: 0, outputTokens: 0 };
      yield { type: "completed", response: { text: "hello", toolCalls: [], usage } };
    },
  };
  await using world = worldWith({}, free);
  await say(world, thread);
  expect(postsIn(world, thread).map(({ kind, usage }) => [kind, usage])).toEqual([
    ["answer", undefined],
  ]);
});

test("a thread whose budget is spent gets no answer of the model, and is told so; another thread does", async () => {
  const channel = "shared-1";
  const [thread, other] = [newThread(channel), newThread(channel)];
  const model = answering([["look"]], "one", "two");
  await using world = worldWith({ session: { ...defaultBudgets.session, tokens: 200 } }, model);
  await say(world, thread);
  await say(world, thread, "and?");
  await say(world, other);
  expect(postsIn(world, thread).map(({ kind, markdown }) => [kind, markdown])).toEqual([
    ["answer", "one"],
    [
      "notice",
      "I did not begin this: The budget of this thread is spent (220 of 200 tokens). Open another thread to go on.",
    ],
  ]);
  expect(postsIn(world, other).map(({ markdown }) => markdown)).toEqual(["two"]);
  const journal = await store.readJournal(sessionIdOf(thread), { after: 0 });
  expect(journal.at(-1)?.entry).toMatchObject({ type: "turn-ended", outcome: "over-budget" });
});

test("a channel's budget is one for all of its threads, and free again the next day", async () => {
  const channel = "shared-2";
  const [first, second, elsewhere] = [newThread(channel), newThread(channel), newThread()];
  const model = answering("one", "elsewhere", "tomorrow");
  await using world = worldWith({ channel: { usd: 0.15 } }, model);
  await say(world, first);
  await say(world, second);
  await say(world, elsewhere);
  const tomorrow = new Date(clock.now() + dayMs).toISOString().slice(0, 10);
  expect(postsIn(world, second).map(({ markdown }) => markdown)).toEqual([
    `I did not begin this: The budget of this channel for today is spent ($0.20 of $0.15). It is free again on ${tomorrow} at 00:00 UTC; ask again then.`,
  ]);
  expect(postsIn(world, elsewhere).map(({ markdown }) => markdown)).toEqual(["elsewhere"]);
  await clock.advance(dayMs);
  await say(world, second);
  expect(postsIn(world, second).at(-1)?.markdown).toBe("tomorrow");
});

test("a limit of the day that is reached in the middle of a turn earns it a last answer", async () => {
  const thread = newThread();
  const model = answering(...looks(3), "what I have");
  const { day } = accountsOf(thread, clock.now());
  const [before = nothingSpent] = await store.spent([day]);
  await using world = worldWith({ day: { tokens: before.tokens + 300 } }, model);
  await say(world, thread);
  expect(model.requests.map(({ toolChoice }) => toolChoice)).toEqual([
    "auto",
    "auto",
    "auto",
    "none",
  ]);
  expect(postsIn(world, thread).map(({ kind, markdown }) => [kind, markdown])).toEqual([
    ["answer", "what I have"],
  ]);
});

test("what a failed turn's calls took is on record and counted", async () => {
  const thread = newThread();
  const usage = { inputTokens: 70, outputTokens: 7 };
  const broken: Model = {
    ...answering(),
    // eslint-disable-next-line require-yield -- It fails before it says anything.
    async *respond() {
      throw modelError("test/answering", "out of order", { failure: "server", usage });
    },
  };
  await using world = worldWith({}, broken);
  await say(world, thread);
  expect(postsIn(world, thread).map(({ kind }) => kind)).toEqual(["notice"]);
  expect(await spentIn(thread)).toMatchObject({ steps: 0, tokens: 77, usd: expect.closeTo(0.14) });
});

test("however often a process dies, each step of the journal is spent once", async () => {
  const channel = "crashing";
  const used = [newThread(channel)];
  for (const trouble of ["crash-before", "crash-after", "lease-lost"] as const)
    for (let write = 1; write <= 9; write += 1) {
      const thread = newThread(channel);
      used.push(thread);
      await using world = worldWith(
        {},
        answering(...looks(2), "done"),
        new Map([[write, trouble]]),
      );
      await say(world, thread);
    }
  let journalled = nothingSpent;
  for (const thread of used)
    for (const { entry } of await store.readJournal(sessionIdOf(thread), { after: 0 })) {
      const use = usageOf(entry);
      const tokens = use ? use.usage.inputTokens + use.usage.outputTokens : 0;
      journalled = addSpent(journalled, { ...nothingSpent, steps: use?.steps ?? 0, tokens });
    }
  const days = [...Array(30).keys()].map((day) => {
    const at = clock.now() - day * dayMs;
    return accountsOf(newThread(channel), at).channel;
  });
  const total = (await store.spent(days)).reduce(addSpent, nothingSpent);
  expect(journalled.steps).toBeGreaterThan(60);
  expect([total.steps, total.tokens]).toEqual([journalled.steps, journalled.tokens]);
});
