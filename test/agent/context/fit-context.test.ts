import { expect, test } from "vitest";

import type { Item, Model, ModelRequest } from "../../../src/agent/model.ts";
import { modelError } from "../../../src/agent/models/model-error.ts";
import type { JournalEntry, ModelResponse } from "../../../src/core/journal.ts";
import { type Answer, answering, memorySession, run, tool } from "../harness.ts";
import { checkPairs, said, sentText, textOf, transcriptOf } from "./said.ts";

const kinds = (entries: readonly JournalEntry[]) => entries.map(({ type }) => type);
const cutsOf = (entries: readonly JournalEntry[]) =>
  entries.flatMap((entry) => (entry.type === "context-trimmed" ? entry.cuts : []));
const textsOf = (items: readonly Item[], type: Item["type"]) =>
  items.filter((item) => item.type === type).map(textOf);
const times = (count: number, answer: Answer): Answer[] =>
  Array.from({ length: count }, () => answer);
const noLimits = { steps: 1e9, tokens: 1e12, ms: 1e12 };

/** Checks what is sent as a vendor would, against a window of 10,000 tokens. */
function strict(model: Model & { readonly requests: readonly ModelRequest[] }): typeof model {
  return {
    ...model,
    async *respond(request, options) {
      checkPairs(request.items);
      if (sentText(request).length / 3.5 > 10_000)
        throw modelError("test", "too long", { failure: "context" });
      yield* model.respond(request, options);
    },
  };
}

test("an output that lies in a file already is not written over with what was shown of it", async () => {
  const long = `start ${"x".repeat(100_000)} end`;
  const looks = [
    tool("long", () => Promise.resolve(long)),
    tool("look", () => Promise.resolve("y".repeat(6_000))),
  ];
  const model = strict(answering([["long"]], ...times(8, [["look"]]), "done"));
  const { entries, files } = await run({ model, tools: looks });
  const [first] = cutsOf(entries);
  expect(first).toMatchObject({ part: "output", keep: 0 });
  expect(files.get(first?.file ?? "")).toBe(long);
});

test("an output of 3 MB costs the model its cap, and no more than a quarter of a small window", async () => {
  const huge = "z".repeat(3_000_000);
  const dump = tool("dump", () => Promise.resolve(huge));
  for (const [contextTokens, most] of [
    [400_000, 32 * 1024],
    [10_000, 7_000],
  ] as const) {
    const model = { ...answering([["dump"]], "done"), capabilities: { contextTokens } };
    const { files } = await run({ model, tools: [dump] });
    const [output = ""] = textsOf(model.requests[1]?.items ?? [], "tool-result");
    expect(output.length).toBeLessThan(most + 200);
    expect([...files.values()]).toEqual([huge]);
  }
});

test("large arguments of earlier calls become references, and stay JSON that says what was called", async () => {
  const write = tool("write_file", () => Promise.resolve("written"));
  const content = "c".repeat(9_000);
  const model = strict(
    answering(...times(6, [["write_file", { path: "a.txt", content }]]), "done"),
  );
  const { entries, files, transcript } = await run({ model, tools: [write] });
  const [cut] = cutsOf(entries);
  expect(cut).toMatchObject({ part: "arguments", keep: 0 });
  expect(JSON.parse(files.get(cut?.file ?? "") ?? "")).toEqual({ path: "a.txt", content });
  const [answer] = transcript.items.filter((item) => item.type === "assistant");
  expect(JSON.parse(answer?.response.toolCalls[0]?.args ?? "")).toEqual({
    path: "a.txt",
    content: `${"c".repeat(60)}… [9000 characters, now in ${cut?.file}]`,
  });
});

test("an answer that was cut says so, since what its vendor made of it holds the texts again", async () => {
  const write = tool("write_file", () => Promise.resolve("written"));
  const plain = strict(
    answering(...times(6, [["write_file", { content: "c".repeat(9_000) }]]), "done"),
  );
  const model: typeof plain = {
    ...plain,
    async *respond(request, options) {
      for await (const event of plain.respond(request, options))
        yield event.type === "completed"
          ? { ...event, response: { ...event.response, provider: { sealed: true } } }
          : event;
    },
  };
  await run({ model, tools: [write] });
  const answers = model.requests.at(-1)?.items.filter((item) => item.type === "assistant") ?? [];
  expect(answers[0]?.isCut).toBe(true);
  expect(answers.at(-1)?.isCut).toBeUndefined();
});

test("a message that is larger than the window is shown as head and tail, with all of it in a file", async () => {
  const text = `Look at this: ${"p".repeat(500_000)} Thanks!`;
  const model = strict(answering("done"));
  const { end, files } = await run({ model, transcript: transcriptOf([said(text)]) });
  expect(end?.text).toBe("done");
  const [shown = ""] = textsOf(model.requests[0]?.items ?? [], "user");
  expect(shown).toMatch(
    /^Ada: Look at this: p+\n\[… \d+ bytes left out …\]\np+ Thanks!\n\[all of it/,
  );
  expect([...files.values()]).toEqual([text]);
});

test("results of one step that together are larger than the window shrink, and the turn goes on", async () => {
  const look = tool("look", () => Promise.resolve("r".repeat(30_000)));
  const model = strict(answering(times(12, ["look"] as never) as never, "done"));
  const { end } = await run({ model, tools: [look], maxOutputBytes: 40_000 });
  expect(end?.text).toBe("done");
  expect(textsOf(model.requests[1]?.items ?? [], "tool-result")).toHaveLength(12);
});

/** Says much and asks for little, so that only a summary helps. */
function talkative(
  steps: number,
  summary: (items: readonly Item[]) => Partial<ModelResponse> | Error,
) {
  const requests: ModelRequest[] = [];
  let calls = 0;
  const model: Model & { readonly requests: ModelRequest[] } = {
    name: "test/talkative",
    capabilities: { contextTokens: 10_000 },
    requests,
    async *respond(request) {
      await Promise.resolve();
      requests.push({ ...request, items: [...request.items] });
      const usage = { inputTokens: 100, outputTokens: 10 };
      if (request.toolChoice === "none") {
        const given = summary(request.items);
        if (given instanceof Error) throw given;
        yield { type: "completed", response: { text: "", toolCalls: [], usage, ...given } };
        return;
      }
      calls += 1;
      const toolCalls = calls > steps ? [] : [{ callId: `c${calls}`, tool: "look", args: "{}" }];
      const text = calls > steps ? "done" : `thought ${calls} ${"t".repeat(1_500)}`;
      yield { type: "completed", response: { text, toolCalls, usage } };
    },
  };
  return strict(model);
}

const look = tool("look", () => Promise.resolve("seen"));
const goal = said("The goal is amber.");

test("the oldest part gives way to the model's summary, which counts", async () => {
  const model = talkative(30, () => ({ text: "Goal: amber. Found: rust." }));
  const { entries, end, transcript, files } = await run({
    model,
    tools: [look],
    transcript: transcriptOf([goal]),
    prices: { "test/talkative": { input: 1_000_000, output: 0 } },
  });
  expect(end?.text).toBe("done");
  const [first] = entries.filter((entry) => entry.type === "context-summarized");
  expect(first).toMatchObject({
    text: "Goal: amber. Found: rust.",
    used: [{ model: "test/talkative", usage: { inputTokens: 100, outputTokens: 10 } }],
    usd: 100,
  });
  expect(files.get(first?.file ?? "")).toContain("thought 1 ");
  const [goalItem, note, ...rest] = transcript.items;
  expect(goalItem).toMatchObject({ type: "user", text: "The goal is amber." });
  expect(note).toMatchObject({ type: "note", text: expect.stringContaining("Found: rust.") });
  expect(rest[0]?.type).toBe("assistant");
  const asked = model.requests.find(({ toolChoice }) => toolChoice === "none");
  // The same beginning as ever, which the provider has in its cache.
  expect(asked?.tools).toHaveLength(1);
  expect(textsOf(asked?.items ?? [], "assistant")[0]).toContain("thought 1 ");
});

test.each([
  [
    "fails",
    () =>
      modelError("test", "no", { failure: "invalid", usage: { inputTokens: 7, outputTokens: 0 } }),
  ],
  ["says nothing", () => ({ text: " " })],
  [
    "calls a tool instead",
    () => ({ text: "Hm", toolCalls: [{ callId: "s", tool: "look", args: "{}" }] }),
  ],
] as const)(
  "where the summary %s, what people said stays, and all else is in a file",
  async (_, summary) => {
    const model = talkative(30, summary);
    const { entries, end, transcript, files } = await run({
      model,
      tools: [look],
      transcript: transcriptOf([goal]),
    });
    expect(end?.text).toBe("done");
    const [first] = entries.filter((entry) => entry.type === "context-summarized");
    expect(first).not.toHaveProperty("text");
    expect(first?.used).toHaveLength(1);
    const [goalItem, note] = transcript.items.map(textOf);
    expect(goalItem).toContain("The goal is amber.");
    expect(note).toContain("There is no summary");
    expect(note).toContain(first?.file);
    expect(files.get(first?.file ?? "")).toContain("thought 1 ");
  },
);

test("a crash between the summary and the next step does not ask for it again", async () => {
  const journal: JournalEntry[] = [goal];
  const dying = talkative(30, () => ({ text: "Found: rust." }));
  const turn = run({
    model: dying,
    tools: [look],
    transcript: transcriptOf([goal]),
    onEvent(event) {
      if (event.type !== "entry") return;
      journal.push(event.entry);
      if (event.entry.type === "context-summarized") throw new Error("killed");
    },
  });
  await expect(turn).rejects.toThrow("killed");
  const asked = dying.requests.filter(({ toolChoice }) => toolChoice === "none");
  expect(asked).toHaveLength(1);

  const later = talkative(0, () => ({ text: "again" }));
  const transcript = transcriptOf(journal.map((entry) => JSON.parse(JSON.stringify(entry))));
  const { entries } = await run({ model: later, tools: [look], transcript });
  expect(kinds(entries)).toEqual(["step"]);
  expect(textsOf(later.requests[0]?.items ?? [], "note")[0]).toContain("Found: rust.");
});

test("what a journal says makes the same transcript, whatever was cut and summarised", async () => {
  const write = tool("write_file", () => Promise.resolve("w".repeat(3_000)));
  const model = talkative(40, () => ({ text: "Found: rust." }));
  const { entries, transcript } = await run({
    model: {
      ...model,
      async *respond(request, options) {
        for await (const event of model.respond(request, options)) {
          if (event.type !== "completed" || event.response.text === "done") yield event;
          else {
            const toolCalls = event.response.toolCalls.map((call) => ({
              ...call,
              tool: "write_file",
              args: JSON.stringify({ path: "a", content: "c".repeat(900) }),
            }));
            yield { ...event, response: { ...event.response, toolCalls } };
          }
        }
      },
    },
    tools: [write],
    transcript: transcriptOf([goal]),
    limits: noLimits,
  });
  expect(new Set(cutsOf(entries).map(({ part }) => part))).toEqual(
    new Set(["output", "arguments"]),
  );
  expect(kinds(entries)).toContain("context-summarized");
  const stored = [goal, ...entries].map((entry) => JSON.parse(JSON.stringify(entry)));
  const replayed = transcriptOf(stored);
  expect(replayed.items).toEqual(transcript.items);
  expect(replayed.conversation.size).toEqual(transcript.conversation.size);
  expect(replayed.conversation.stateFrom).toBe(transcript.conversation.stateFrom);
});

test("a provider that finds it too long all the same gets it shorter", async () => {
  const plain = answering(...times(4, [["look"]]), "done");
  let refused = 0;
  const model: typeof plain = {
    ...plain,
    capabilities: { contextTokens: 100_000 },
    async *respond(request, options) {
      if (sentText(request).length > 20_000) {
        refused += 1;
        throw modelError("test", "too long", { failure: "context" });
      }
      yield* plain.respond(request, options);
    },
  };
  const long = tool("look", () => Promise.resolve("l".repeat(8_000)));
  const { end, entries } = await run({ model, tools: [long] });
  expect(end?.text).toBe("done");
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(4);
  expect(kinds(entries)).toContain("context-trimmed");
});

test("a workspace that takes no more does not end the turn", async () => {
  const memory = memorySession();
  const { files } = await memory.session.sandbox();
  const full = { ...files, write: () => Promise.reject(new Error("disk full")) };
  const session = {
    ...memory.session,
    sandbox: async () => ({ ...(await memory.session.sandbox()), files: full }),
  };
  const long = tool("look", () => Promise.resolve("l".repeat(6_000)));
  const model = strict(answering(...times(9, [["look"]]), "done"));
  const { end, transcript } = await run({ model, tools: [long], session });
  expect(end?.text).toBe("done");
  expect(textsOf(transcript.items, "tool-result")[0]).toContain("not kept");
});

test("a provider that compacts by itself is left to do so, and what it stands for does not count", async () => {
  const plain = answering(...times(12, [["look"]]), "done");
  let calls = 0;
  const model: typeof plain = {
    ...plain,
    capabilities: { contextTokens: 10_000, compactsAtTokens: 6_000 },
    async *respond(request, options) {
      calls += 1;
      for await (const event of plain.respond(request, options))
        yield event.type === "completed" && calls % 4 === 0
          ? { ...event, response: { ...event.response, compacted: true as const } }
          : event;
    },
  };
  const long = tool("look", () => Promise.resolve("l".repeat(4_000)));
  const { entries, transcript } = await run({ model, tools: [long] });
  expect(kinds(entries)).not.toContain("context-trimmed");
  expect(kinds(entries)).not.toContain("context-summarized");
  expect(transcript.items.length).toBeGreaterThan(20);
});

test("what one model's provider made shorter counts in full for another model", async () => {
  const long = tool("look", () => Promise.resolve("l".repeat(4_000)));
  const compacting = (name: string): Model & { readonly requests: ModelRequest[] } => {
    const plain = answering(...times(14, [["look"]]), "done");
    return {
      ...plain,
      name,
      capabilities: { contextTokens: 10_000, compactsAtTokens: 6_000 },
      async *respond(request, options) {
        const number = plain.requests.length + 1;
        for await (const event of plain.respond(request, options))
          yield event.type === "completed" && number % 4 === 0
            ? { ...event, response: { ...event.response, model: name, compacted: true as const } }
            : event;
      },
    };
  };
  const first = await run({
    model: compacting("a"),
    tools: [long],
    transcript: transcriptOf([goal]),
  });
  expect(kinds(first.entries)).not.toContain("context-trimmed");
  const journal = [goal, ...first.entries, said("And now?")];

  const same = await run({ model: compacting("a"), transcript: transcriptOf(journal) });
  expect(kinds(same.entries)[0]).toBe("step");
  for (const { name, capabilities } of [answering(), compacting("b")]) {
    const plain = answering("done");
    const checked = strict({ ...plain, name, capabilities });
    let asked = 0;
    const model: Model = {
      ...checked,
      respond(request, options) {
        asked += 1;
        return checked.respond(request, options);
      },
    };
    const { entries, end } = await run({ model, transcript: transcriptOf(journal) });
    expect(end?.text).toBe("done");
    expect(kinds(entries)).toContain("context-trimmed");
    // None was refused.
    expect(asked).toBe(1);
  }
});
