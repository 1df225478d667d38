import { expect, test } from "vitest";

import { sessionIdOf } from "../../src/core/ids.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { answering, tool } from "../agent/harness.ts";
import { acting, deciding } from "./crew.ts";
import { fileStore } from "./file-store.ts";
import { agentsOf, messageTo, type Trouble, World, type WorldEngine } from "./world.ts";

const { clock, store, newThread } = await fileStore();

/** A bot in a thread of its own. */
function begin(engine: WorldEngine, troubles: ReadonlyMap<number, Trouble> = new Map()) {
  const thread = newThread();
  const world = new World({ store, clock, engine, troubles });
  let said = 0;
  return {
    world,
    thread,
    async say(text: string) {
      await world.deliver(messageTo(thread, `${thread.thread}-${(said += 1)}`, text));
    },
    posts: () => world.shown.map(({ kind, markdown }) => [kind, markdown]),
    async journal(): Promise<readonly JournalEntry[]> {
      const records = await store.readJournal(sessionIdOf(thread), { after: 0 });
      return records.map(({ entry }) => entry);
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

const of = <Type extends JournalEntry["type"]>(entries: readonly JournalEntry[], type: Type) =>
  entries.filter((entry): entry is Extract<JournalEntry, { type: Type }> => entry.type === type);

const handOff = (to: string) =>
  [`hand_off_to_${to}`, { reason: `it is for ${to}` }] as [string, object];

test("who is handed over to goes on with the conversation, and has the thread from then on", async () => {
  const ops = answering([handOff("net")], "never");
  const net = answering("The switch is down.", "Still down.");
  const agents = agentsOf(
    { name: "ops", model: ops, handoffs: ["net"] },
    { name: "net", model: net, tools: [tool("ping", async () => "pong")] },
  );
  await using bot = begin({ agents });
  await bot.say("Why is it slow?");
  await bot.world.settle();
  await bot.say("And now?");
  await bot.world.settle();
  expect(bot.posts()).toEqual([
    ["answer", "*ops → net*\n\nThe switch is down."],
    ["answer", "Still down."],
  ]);
  expect(of(await bot.journal(), "handed-off")).toMatchObject([
    { callId: "call-1", from: "ops", to: "net", reason: "it is for net" },
  ]);
  const [first] = net.requests;
  expect(first?.instructions).toBe("You are net.");
  expect(first?.tools.map(({ name }) => name)).toEqual(["ping"]);
  expect(first?.items).toMatchObject([
    { type: "user", text: "Why is it slow?" },
    { type: "assistant" },
    { type: "tool-result", result: { status: "ok", output: 'Handed over to "net".' } },
    { type: "note", text: 'From here on the agent is "net"; "ops" handed over to it.' },
  ]);
  expect(ops.requests).toHaveLength(1);
  expect(bot.world.progress).toContain("ops: working on it …");
});

test("of several handoffs in a step the first is made, the others are ignored, and what else was asked for is done", async () => {
  const effects: { tool: string; id: string; note: string }[] = [];
  const ops = answering([handOff("db"), ["once", { note: "a" }], handOff("net")]);
  const db = answering("done by db");
  const agents = agentsOf(
    {
      name: "ops",
      model: ops,
      handoffs: ["net", "db"],
      tools: [acting("once", "at-most-once", effects)],
    },
    { name: "net", model: answering("never") },
    { name: "db", model: db },
  );
  await using bot = begin({ agents });
  await bot.say("go");
  await bot.world.settle();
  expect(bot.posts()).toEqual([["answer", "*ops → db*\n\ndone by db"]]);
  expect(effects).toHaveLength(1);
  const results = db.requests[0]?.items.flatMap((item) =>
    item.type === "tool-result" ? [item.result.output] : [],
  );
  expect(results).toEqual([
    'Handed over to "db".',
    "did a",
    'Ignored: the same step handed over to "db" first.',
  ]);
});

test("an agent can hand back, but not on and on: the ninth handoff of a turn is refused", async () => {
  const pass = (to: string) =>
    deciding(to, ({ last }) =>
      last?.type === "tool-result" && last.result.status === "failed"
        ? `kept: ${last.result.output}`
        : [handOff(to)],
    );
  const agents = agentsOf(
    { name: "a", model: pass("b"), handoffs: ["b"] },
    { name: "b", model: pass("a"), handoffs: ["a"] },
  );
  await using bot = begin({ agents });
  await bot.say("go");
  await bot.world.settle();
  expect(of(await bot.journal(), "handed-off")).toHaveLength(8);
  expect(bot.posts()).toEqual([
    [
      "answer",
      "*a → b → a → b → a → b → a → b → a*\n\nkept: Not handed over: this turn changed hands 8 times already. Go on yourself, and answer.",
    ],
  ]);
});

test("an agent that is not offered can't be handed over to", async () => {
  const ops = deciding("ops", ({ last }) =>
    last?.type === "tool-result" ? last.result.output : [handOff("net")],
  );
  const agents = agentsOf({ name: "ops", model: ops }, { name: "net", model: answering("never") });
  await using bot = begin({ agents });
  await bot.say("go");
  await bot.world.settle();
  expect(bot.posts()).toEqual([["answer", 'There is no tool named "hand_off_to_net".']]);
});

test("when the agent that had the session is gone, the one that the thread is routed to has it", async () => {
  const ops = answering([handOff("net")], "ops again");
  await using bot = begin({
    agents: agentsOf(
      { name: "ops", model: ops, handoffs: ["net"] },
      { name: "net", model: answering("net") },
    ),
  });
  await bot.say("go");
  await bot.world.settle();
  await bot.world.end("shutdown");
  await using later = new World({
    store,
    clock,
    engine: { agents: agentsOf({ name: "ops", model: ops }) },
  });
  await later.deliver(messageTo(bot.thread, `${bot.thread.thread}-later`, "still there?"));
  await later.settle();
  expect(later.shown.map(({ markdown }) => markdown)).toEqual(["ops again"]);
});

test("a failure says whose it is where there are several agents, and a route to nobody is one", async () => {
  const agents = agentsOf(
    { name: "ops", model: answering(new Error("no answer")) },
    { name: "net", model: answering("never") },
  );
  await using bot = begin({ agents });
  await bot.say("go");
  await bot.world.settle();
  expect(bot.posts()[0]?.[1]).toMatch(/^I could not finish this \(agent ops\): no answer\./);
  await using lost = begin({ agents: { ...agents, route: () => "nobody" } });
  await lost.say("go");
  await lost.world.settle();
  expect(lost.posts()[0]?.[1]).toMatch(
    /^I could not finish this \(agent nobody\): Cannot go on with agent "nobody"/,
  );
});

/** Two agents, a third inside a call of the second, and tools whose effects are counted. */
function crew() {
  const effects: { tool: string; id: string; note: string }[] = [];
  const tools = [acting("once", "at-most-once", effects), acting("keyed", "idempotent", effects)];
  const ops = deciding("ops", () => [["once", { note: "ops" }], handOff("net")]);
  const net = deciding("net", ({ results }) => {
    const [read] = results("delegate_to_reader");
    return read === undefined
      ? [
          ["delegate_to_reader", { brief: "read it" }],
          ["keyed", { note: "net" }],
        ]
      : `The reader says: ${read}`;
  });
  const reader = deciding("reader", ({ results }) => {
    if (results("once").length === 0) return [["once", { note: "reader" }]];
    if (results("keyed").length === 0) return [["keyed", { note: "reader" }]];
    return "all read";
  });
  const agents = agentsOf(
    { name: "ops", model: ops, tools, handoffs: ["net"] },
    {
      name: "net",
      model: net,
      tools,
      delegates: [{ agent: "reader", budget: { steps: 9, tokens: 9_999, ms: 9_999_999 } }],
    },
    { name: "reader", model: reader, tools },
  );
  return { agents, effects, reader };
}

async function runCrew(troubles: ReadonlyMap<number, Trouble> = new Map()) {
  const { agents, effects, reader } = crew();
  await using bot = begin({ agents }, troubles);
  await bot.say("go");
  await bot.world.settle();
  const { writes, crashes } = bot.world;
  return { writes, crashes, effects, reader, posts: bot.posts(), journal: await bot.journal() };
}

test("an agent inside a call works on its own, and its answer is the call's result", async () => {
  const { posts, effects, journal, reader } = await runCrew();
  expect(posts).toEqual([["answer", "*ops → net*\n\nThe reader says: all read"]]);
  expect(effects.map(({ tool: name, note }) => `${name} ${note}`).toSorted()).toEqual([
    "keyed net",
    "keyed reader",
    "once ops",
    "once reader",
  ]);
  expect(new Set(effects.map(({ id }) => id)).size).toBe(4);
  expect(of(journal, "nested").map(({ agent, entry }) => `${agent} ${entry.type}`)).toEqual([
    "reader step",
    "reader tool-result",
    "reader step",
    "reader tool-result",
    "reader step",
  ]);
  expect(reader.requests[0]?.items).toMatchObject([
    { type: "user", actor: "Agent net", text: "read it" },
  ]);
  expect(reader.requests[0]?.instructions).toContain("You are reader.\nYou work for another agent");
});

test.each<Trouble>(["crash-before", "crash-after", "lease-lost"])(
  "wherever it is interrupted (%s), the same agent goes on, and nothing is done twice",
  async (trouble) => {
    const { writes } = await runCrew();
    expect(writes).toBeGreaterThan(12);
    for (let at = 1; at <= writes; at += 1) {
      const { posts, effects, journal } = await runCrew(new Map([[at, trouble]]));
      expect(posts, `write ${at}`).toEqual([
        ["answer", "*ops → net*\n\nThe reader says: all read"],
      ]);
      expect(of(journal, "handed-off"), `write ${at}`).toHaveLength(1);
      // It may not have come to it, which its agent is told then.
      const once = effects.filter(({ tool: name }) => name === "once").map(({ note }) => note);
      expect(once, `write ${at}`).toEqual([...new Set(once)]);
      // What may be repeated is repeated under the same id.
      const keyed = effects.filter(({ tool: name }) => name === "keyed");
      expect(new Set(keyed.map(({ id, note }) => `${note} ${id}`)).size, `write ${at}`).toBe(2);
    }
  },
);
