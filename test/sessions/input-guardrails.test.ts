import { expect, test } from "vitest";

import { type Guardrail, type Verdict, verdictMs } from "../../src/agent/guardrail.ts";
import { sessionIdOf } from "../../src/core/ids.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { answering, tool } from "../agent/harness.ts";
import { fileStore } from "./file-store.ts";
import { messageTo, type Trouble, World, type WorldEngine } from "./world.ts";

const { clock, store, newThread } = await fileStore();

function begin(engine: WorldEngine, troubles: ReadonlyMap<number, Trouble> = new Map()) {
  const thread = newThread();
  const world = new World({ store, clock, engine, troubles });
  return {
    world,
    thread,
    say: (text: string) => world.deliver(messageTo(thread, `${thread.thread}-${text}`, text)),
    posts: () => world.shown.map(({ kind, markdown }) => [kind, markdown]),
    async journal(): Promise<readonly JournalEntry[]> {
      const records = await store.readJournal(sessionIdOf(thread), { after: 0 });
      return records.map(({ entry }) => entry);
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

const usersIn = (model: ReturnType<typeof answering>, request = 0) =>
  model.requests[request]?.items.flatMap((item) => (item.type === "user" ? [item.text] : []));

test("what people say is told to the model as the guardrails leave it, and journalled as it was said", async () => {
  const model = answering("ok");
  const guardrails: Guardrail[] = [
    {
      name: "names",
      input: ({ text, actor }) => ({ type: "replace", text: `${actor.id}: ${text}` }),
    },
    { name: "loud", input: ({ text }) => ({ type: "replace", text: text.toUpperCase() }) },
  ];
  await using bot = begin({ model, guardrails });
  await bot.say("hello");
  await bot.world.settle();
  expect(usersIn(model)).toEqual(["U1: HELLO"]);
  const journal = await bot.journal();
  expect(journal.find(({ type }) => type === "message")).toMatchObject({
    message: { text: "hello" },
    guarded: { type: "replace", text: "U1: HELLO" },
  });
});

test("a rejected message is not told to the model, and the thread is told why; the others are answered", async () => {
  const model = answering("fine");
  const polite: Guardrail = {
    name: "polite",
    input: ({ text }) =>
      text.includes("fool") ? { type: "reject", reason: "it is rude" } : { type: "allow" },
  };
  await using bot = begin({ model, guardrails: [polite] });
  await bot.say("you fool");
  await bot.say("how are you?");
  await bot.world.settle();
  await bot.say("fool again");
  await bot.world.settle();
  const rejected = 'I was not given a message of Ada: guardrail "polite" rejected it: it is rude';
  expect(bot.posts()).toEqual([
    ["notice", rejected],
    ["answer", "fine"],
    ["notice", rejected],
  ]);
  expect(model.requests).toHaveLength(1);
  expect(usersIn(model)).toEqual(["how are you?"]);
});

test("a message that stops ends the turn before any model is asked, and what came after it is answered", async () => {
  const model = answering("next");
  const strict: Guardrail = {
    name: "strict",
    input: ({ text }) =>
      text === "bad" ? { type: "stop", reason: "not here" } : { type: "allow" },
  };
  await using bot = begin({ model, guardrails: [strict] });
  await bot.say("bad");
  await bot.say("good");
  await bot.world.settle();
  expect(bot.posts()).toEqual([
    ["notice", expect.stringContaining('guardrail "strict" stopped it: not here')],
    ["answer", "next"],
  ]);
  expect(usersIn(model)).toEqual(["good"]);
});

test("a guardrail that says nothing for too long stops the turn", async () => {
  const model = answering("never");
  const heard: unknown[] = [];
  const mute: Guardrail = {
    name: "mute",
    input: (_, { signal }) =>
      new Promise(() => signal.addEventListener("abort", () => heard.push(signal.reason))),
  };
  await using bot = begin({ model, guardrails: [mute] });
  const before = clock.now();
  await bot.say("hello");
  await bot.world.settle();
  expect(bot.posts()).toEqual([
    ["notice", expect.stringContaining("it could not be asked: it said nothing for 30 s")],
  ]);
  expect(clock.now() - before).toBeGreaterThanOrEqual(verdictMs);
  expect(heard).toHaveLength(1);
  expect(model.requests).toHaveLength(0);
});

/** A parallel guardrail whose verdict is given by the test, and a model that works with a tool. */
function beside() {
  let speak: (given: Verdict) => void = () => {};
  const verdict = new Promise<Verdict>((resolve) => {
    speak = resolve;
  });
  const asked: string[] = [];
  const guardrail: Guardrail = {
    name: "beside",
    parallel: true,
    input({ text }) {
      asked.push(text);
      return verdict;
    },
  };
  return { guardrail, asked, speak };
}

test("beside the model: its answer waits for the verdict, and no tool runs before it", async () => {
  const { guardrail, asked, speak } = beside();
  const ran: string[] = [];
  const look = tool("look", async () => {
    ran.push("look");
    return "found";
  });
  const model = answering([["look"]], "done");
  await using bot = begin({ model, tools: [look], guardrails: [guardrail] });
  await bot.say("hello");
  await bot.world.until(() => model.requests.length === 1);
  await bot.world.work(50);
  expect(asked).toEqual(["hello"]);
  expect(ran).toEqual([]);
  expect((await bot.journal()).map(({ type }) => type)).toEqual(["turn-started", "message"]);
  speak({ type: "allow" });
  await bot.world.settle();
  expect(bot.posts()).toEqual([["answer", "done"]]);
  expect(asked).toEqual(["hello"]);
  const journal = await bot.journal();
  expect(journal.filter(({ type }) => type === "message-checked")).toHaveLength(1);
});

test.each([
  ["stops", { type: "stop", reason: "no" } as const],
  ["rejects", { type: "reject", reason: "no" } as const],
  ["would change what was said", { type: "replace", text: "other" } as const],
])(
  "beside the model: a guardrail that %s ends the call, and nothing of it is shown",
  async (_, verdict) => {
    const { guardrail, speak } = beside();
    let ended = false;
    const slow = {
      ...answering(),
      async *respond(_request: unknown, { signal }: { readonly signal: AbortSignal }) {
        yield { type: "text-delta" as const, text: "half an ans" };
        setImmediate(() => speak(verdict));
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            ended = true;
            reject(signal.reason);
          });
        });
      },
    };
    let postsAtItsEnd: number | undefined;
    const sibling: Guardrail = {
      name: "sibling",
      parallel: true,
      input: (_message, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            setImmediate(() => {
              postsAtItsEnd = bot.posts().length;
              resolve({ type: "allow" });
            });
          });
        }),
    };
    await using bot = begin({ model: slow, guardrails: [guardrail, sibling] });
    await bot.say("hello");
    await bot.world.settle();
    expect(ended).toBe(true);
    expect(postsAtItsEnd).toBe(0);
    expect(bot.posts()).toEqual([["notice", expect.stringContaining('guardrail "beside"')]]);
    expect(JSON.stringify([bot.posts(), bot.world.progress])).not.toContain("half");
    const journal = await bot.journal();
    expect(journal.some(({ type }) => type === "step")).toBe(false);
    expect(journal.find(({ type }) => type === "message-checked")).toMatchObject({
      blocked: { by: "beside" },
      usage: { inputTokens: expect.any(Number) },
    });
  },
);

test("beside the model: an answer that was there first is not journalled but counted, and never told to a model again", async () => {
  const { guardrail, speak } = beside();
  const model = answering("the secret", "next");
  const once: Guardrail = {
    ...guardrail,
    input: (message, context) =>
      message.text === "hello"
        ? (guardrail.input?.(message, context) ?? { type: "allow" })
        : { type: "allow" },
  };
  await using bot = begin({ model, guardrails: [once] });
  await bot.say("hello");
  await bot.world.until(() => model.requests.length === 1);
  await bot.world.work(20);
  speak({ type: "stop", reason: "no" });
  await bot.world.settle();
  await bot.say("and now?");
  await bot.world.settle();
  const journal = await bot.journal();
  expect(JSON.stringify([journal, bot.posts()])).not.toContain("the secret");
  expect(journal.find(({ type }) => type === "message-checked")).toMatchObject({
    usage: { inputTokens: 100, outputTokens: 10 },
  });
  expect(usersIn(model, 1)).toEqual(["and now?"]);
  expect(bot.posts().at(-1)).toEqual(["answer", "next"]);
});

test.each<Trouble>(["crash-before", "crash-after"])(
  "wherever it is interrupted (%s), what was asked and is on record is not asked again",
  async (trouble) => {
    const run = async (troubles: ReadonlyMap<number, Trouble>) => {
      const asked: string[] = [];
      const guardrails: Guardrail[] = [
        {
          name: "first",
          input({ text }) {
            asked.push(`first ${text}`);
            return { type: "allow" };
          },
        },
        {
          name: "second",
          parallel: true,
          async input({ text }) {
            asked.push(`second ${text}`);
            return { type: "allow" };
          },
        },
      ];
      await using bot = begin({ guardrails }, troubles);
      await bot.say("1 look");
      await bot.world.settle();
      return { asked, writes: bot.world.writes, posts: bot.posts(), journal: await bot.journal() };
    };
    const { writes } = await run(new Map());
    for (let at = 1; at <= writes; at += 1) {
      const { asked, posts, journal } = await run(new Map([[at, trouble]]));
      expect(posts, `write ${at}`).toEqual([["answer", "answers 1"]]);
      expect(journal.filter(({ type }) => type === "message-checked")).toHaveLength(1);
      // Asked twice only where the crash came before the verdict was on record.
      const times = (name: string) => asked.filter((each) => each.startsWith(name)).length;
      expect(times("first") + times("second"), `write ${at}`).toBeLessThanOrEqual(3);
    }
  },
);

test("a message that stops the turn does so also where a crash comes between the two", async () => {
  const strict: Guardrail = {
    name: "strict",
    input: ({ text }) =>
      text.includes("bad") ? { type: "stop", reason: "not here" } : { type: "allow" },
  };
  const run = async (troubles: ReadonlyMap<number, Trouble>) => {
    await using bot = begin(
      {
        model: answering("never"),
        guardrails: [strict],
      },
      troubles,
    );
    await bot.say("bad");
    await bot.world.settle();
    return { posts: bot.posts(), writes: bot.world.writes };
  };
  const { writes } = await run(new Map());
  for (let at = 1; at <= writes; at += 1) {
    const { posts } = await run(new Map([[at, "crash-after"]]));
    expect(posts, `write ${at}`).toEqual([["notice", expect.stringContaining("not here")]]);
  }
});
