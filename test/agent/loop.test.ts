import { getEventListeners } from "node:events";

import { expect, test } from "vitest";
import { z } from "zod";

import { Transcript } from "../../src/agent/transcript.ts";
import { Stopped } from "../../src/core/abort.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { type Answer, answering, run, tool } from "./harness.ts";

const kinds = (entries: readonly JournalEntry[]) => entries.map(({ type }) => type);
const results = (entries: readonly JournalEntry[]) =>
  entries.flatMap((entry) => (entry.type === "tool-result" ? [entry.result] : []));

/** The transcript of a turn whose process ended while these calls ran. */
function interrupted(
  ...calls: readonly [tool: string, effect: "pure" | "idempotent" | "reattach" | "at-most-once"][]
) {
  const transcript = new Transcript();
  const intents = calls.map(([name, effect], index) => ({
    callId: `call-${index}`,
    tool: name,
    args: "{}",
    executionId: `execution-${index}`,
    effect,
  }));
  const usage = { inputTokens: 0, outputTokens: 0 };
  const response = { text: "", toolCalls: intents, usage };
  transcript.apply({ v: 1, turn: 1, at: 0, type: "step", step: 1, response, intents });
  return transcript;
}

test("a turn ends with the model's words", async () => {
  const { entries, end } = await run({ model: answering("hello") });
  expect(kinds(entries)).toEqual(["step"]);
  expect(end).toEqual({ type: "end", outcome: "answered", text: "hello" });
});

test("each tool call is on record before its tool runs", async () => {
  const seen: string[] = [];
  const look = tool("look", () => {
    seen.push("ran");
    return Promise.resolve("found");
  });
  const { entries } = await run({
    model: answering([["look"]], "done"),
    tools: [look],
    onEvent: (event) => seen.push(event.type === "entry" ? event.entry.type : event.type),
  });
  expect(seen).toEqual(["step", "ran", "tool-result", "step", "end"]);
  expect(entries[0]).toMatchObject({
    intents: [{ callId: "call-1", tool: "look", effect: "pure" }],
  });
});

test("the model sees results in the order of its calls, whatever the order in which they came", async () => {
  const first = deferred();
  const slow = tool("slow", () => first.promise);
  const quick = tool("quick", () => {
    setImmediate(() => first.resolve("slow"));
    return Promise.resolve("quick");
  });
  const model = answering([["slow"], ["quick"]], "done");
  const { entries } = await run({ model, tools: [slow, quick] });
  expect(results(entries).map(({ output }) => output)).toEqual(["quick", "slow"]);
  const shown = model.requests[1]?.items.flatMap((item) =>
    item.type === "tool-result" ? [item.result.output] : [],
  );
  expect(shown).toEqual(["slow", "quick"]);
});

function deferred() {
  let resolve: (text: string) => void = () => {};
  const promise = new Promise<string>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (text: string) => resolve(text) };
}

test("no more tools than allowed run side by side", async () => {
  let running = 0;
  let most = 0;
  const busy = tool("busy", async () => {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return "";
  });
  const calls = Array.from({ length: 10 }, () => ["busy"] as [string]);
  const { entries } = await run({
    model: answering(calls, "done"),
    tools: [busy],
    parallelCalls: 3,
  });
  expect(results(entries)).toHaveLength(10);
  expect(most).toBe(3);
});

test.each([
  ["an unknown tool", [["nothing"]], 'There is no tool named "nothing".'],
  ["arguments that are not JSON", [["add", "{"]], 'The arguments of "add" are not JSON'],
  ["arguments that do not fit", [["add", { a: "x" }]], "- a: Invalid input"],
  ["a tool that throws", [["broken"]], "out of paper"],
] as const)("%s goes back to the model as a failed result", async (_what, calls, expected) => {
  const add = tool("add", () => Promise.resolve("never"), { input: z.object({ a: z.number() }) });
  const broken = tool("broken", () => Promise.reject(new Error("out of paper")));
  const { entries, end } = await run({
    model: answering(
      calls.map(([n, a]) => [n, a]),
      "done",
    ),
    tools: [add, broken],
  });
  expect(results(entries)[0]?.status).toBe("failed");
  expect(results(entries)[0]?.output).toContain(expected);
  expect(end?.text).toBe("done");
});

test("an output over the cap is shown as head and tail, and all of it lies in a file", async () => {
  const long = `start ${"x".repeat(50_000)} end`;
  const { entries, files } = await run({
    model: answering([["long"]], "done"),
    tools: [tool("long", () => Promise.resolve(long))],
    maxOutputBytes: 1000,
  });
  const [result] = results(entries);
  expect(result?.output).toMatch(
    /^start x+\n\[… \d+ bytes left out …\]\nx+ end\n\[all of it is in /,
  );
  expect(Buffer.byteLength(result?.output ?? "")).toBe(1000);
  expect(result?.measures).toMatchObject({ outputBytes: long.length });
  expect(files.get(result?.measures.fullOutput ?? "")).toBe(long);
});

test("a question ends the turn", async () => {
  const ask = tool("ask", () => Promise.resolve("Which cluster?"), { endsTurn: true });
  const { end } = await run({ model: answering([["ask"]], "never"), tools: [ask] });
  expect(end).toEqual({ type: "end", outcome: "asked", text: "Which cluster?" });
});

test("near its budget the model is told once, and at its end it gets one last answer without tools", async () => {
  const look = tool("look", () => Promise.resolve("more"));
  const again = [["look"]] as [string][];
  const model = answering(again, again, again, again, "what I have");
  const { entries, end } = await run({ model, tools: [look], limits: { steps: 4 } });
  const notes = entries.flatMap((entry) => (entry.type === "note" ? [entry.text] : []));
  expect(notes).toEqual([expect.stringContaining("spent (4 of 4 steps)")]);
  expect(model.requests.map(({ toolChoice }) => toolChoice)).toEqual([
    "auto",
    "auto",
    "auto",
    "auto",
    "none",
  ]);
  expect(end?.text).toBe("what I have");
});

test("a model that calls tools after its budget is spent is not obeyed", async () => {
  const look = tool("look", () => Promise.resolve("more"));
  const again = [["look"]] as [string][];
  const { entries, end } = await run({
    model: answering(again, again, again),
    tools: [look],
    limits: { steps: 2 },
  });
  expect(results(entries)).toHaveLength(2);
  expect(end).toMatchObject({ outcome: "answered", text: expect.stringContaining("budget") });
});

test("old outputs become references to files before the window is full", async () => {
  const look = tool("look", () => Promise.resolve("y".repeat(8000)));
  const again = [["look"]] as [string][];
  const model = answering(...Array.from({ length: 12 }, () => again), "done");
  const { entries, files, transcript } = await run({ model, tools: [look] });
  expect(kinds(entries)).toContain("context-trimmed");
  expect(transcript.conversation.size.tokens).toBeLessThan(10_000);
  const [reference] = transcript.items.flatMap((item) =>
    item.type === "tool-result" ? [item.result.output] : [],
  );
  const file = /now in (\S+)\]/.exec(reference ?? "")?.[1];
  expect(files.get(file ?? "")).toBe("y".repeat(8000));
});

test("what a journal says makes the same transcript as the run that wrote it", async () => {
  const look = tool("look", () => Promise.resolve("y".repeat(8000)));
  const again = [["look"], ["look"]] as [string][];
  const model = answering(again, again, again, again, again, "done");
  const { entries, transcript } = await run({ model, tools: [look] });
  const replayed = new Transcript();
  for (const entry of entries) replayed.apply(entry);
  expect(replayed.items).toEqual(transcript.items);
  expect(replayed.conversation.size.tokens).toBe(transcript.conversation.size.tokens);
});

test("aborting ends running tools, reports them as stopped, starts no queued one, and throws the reason", async () => {
  const controller = new AbortController();
  let started = 0;
  const wait = tool("wait", ({ signal }) => {
    started += 1;
    setImmediate(() => controller.abort(new Stopped("stop")));
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  const seen: JournalEntry[] = [];
  const turn = run({
    model: answering([["wait"], ["wait"], ["wait"]]),
    tools: [wait],
    parallelCalls: 2,
    signal: controller.signal,
    onEvent: (event) => event.type === "entry" && seen.push(event.entry),
  });
  await expect(turn).rejects.toEqual(new Stopped("stop"));
  expect(started).toBe(2);
  expect(results(seen).map(({ status }) => status)).toEqual(["stopped", "stopped", "stopped"]);
});

test.each([
  ["pure", "run again", "ok"],
  ["idempotent", "run again", "ok"],
  ["reattach", "picked up", "ok"],
  ["at-most-once", "outcome unknown", "unknown"],
] as const)("after a crash a call of class %s is settled: %s", async (effect, output, status) => {
  const ran: string[] = [];
  const work = tool(
    "work",
    ({ executionId }) => {
      ran.push(executionId);
      return Promise.resolve("run again");
    },
    {
      effect,
      reattach: () =>
        Promise.resolve({ status: "ok", output: "picked up", measures: {}, artifacts: [] }),
    },
  );
  const transcript = interrupted(["work", effect]);
  const { entries, end } = await run({ model: answering("done"), tools: [work], transcript });
  expect(results(entries)[0]).toMatchObject({ status, output: expect.stringContaining(output) });
  expect(ran).toEqual(output === "run again" ? ["execution-0"] : []);
  expect(end?.text).toBe("done");
});

test("a call whose execution is gone after a crash has an unknown outcome", async () => {
  const work = tool("work", () => Promise.resolve("never"), { effect: "reattach" });
  const transcript = interrupted(["work", "reattach"]);
  const { entries } = await run({ model: answering("done"), tools: [work], transcript });
  expect(results(entries)[0]?.status).toBe("unknown");
});

test("a stream that ends before the answer is complete is a failure of the model", async () => {
  const model = { ...answering(), async *respond() {} };
  await expect(run({ model })).rejects.toMatchObject({ code: "MODEL_FAILED" });
});

test("a consumer that leaves early takes running tools with it", async () => {
  let ended = false;
  const quick = tool("quick", () => Promise.resolve("here"));
  const wait = tool("wait", ({ signal }) => {
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        ended = true;
        reject(signal.reason);
      });
    });
  });
  const turn = run({
    model: answering([["wait"], ["quick"]]),
    tools: [wait, quick],
    onEvent(event) {
      if (event.type === "entry" && event.entry.type === "tool-result") throw new Error("enough");
    },
  });
  await expect(turn).rejects.toThrow("enough");
  expect(ended).toBe(true);
});

test("a tool that takes longer than it may is ended, and the model is told", async () => {
  const clock = manualClock();
  let reason: unknown;
  const slow = tool(
    "slow",
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          reject(new Error("ended"));
        });
        void clock.advance(5_000);
      }),
    { timeoutMs: 5_000 },
  );
  const quick = tool("quick", () => Promise.resolve("found"), { timeoutMs: 5_000 });
  const { entries } = await run({
    model: answering([["slow"], ["quick"]], "done"),
    tools: [slow, quick],
    clock,
  });
  expect(results(entries)).toContainEqual(
    expect.objectContaining({
      status: "stopped",
      output: expect.stringContaining("may take 5 s"),
      measures: { timedOutAfterMs: 5_000 },
    }),
  );
  expect(results(entries)).toContainEqual(expect.objectContaining({ status: "ok" }));
  expect(reason).toEqual(new Stopped("timeout"));
});

test("a tool that ignores that its time is over is not waited for", async () => {
  const clock = manualClock();
  const deaf = tool(
    "deaf",
    () => {
      void clock.advance(6_000);
      return new Promise(() => {});
    },
    { timeoutMs: 5_000 },
  );
  const { entries, end } = await run({
    model: answering([["deaf"]], "done"),
    tools: [deaf],
    clock,
  });
  expect(results(entries)).toMatchObject([
    { status: "unknown", output: expect.stringContaining("did not end in time") },
  ]);
  expect(end?.text).toBe("done");
});

test.each<[string, readonly Answer[]]>([
  ["answers", [[["look"]], "done"]],
  ["fails", [[["look"]], new Error("no answer")]],
  ["is stopped", [[["look"], ["stop"]], "never"]],
])("a turn that %s leaves no listener on its signal", async (_how, answers) => {
  const controller = new AbortController();
  const stop = tool("stop", async () => {
    controller.abort(new Stopped("stop"));
    return "";
  });
  const look = tool("look", async () => "found");
  const turn = run({
    model: answering(...answers),
    tools: [look, stop],
    signal: controller.signal,
  });
  await turn.catch(() => {}); // It is told elsewhere how it ends.
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});

test("a tool that ignores its signal does not keep a stopped turn waiting", async () => {
  const clock = manualClock();
  const controller = new AbortController();
  const deaf = tool("deaf", () => {
    setImmediate(() => {
      controller.abort(new Stopped("stop"));
      void clock.advance(1000);
    });
    return new Promise(() => {});
  });
  const seen: JournalEntry[] = [];
  const turn = run({
    model: answering([["deaf"]]),
    tools: [deaf],
    clock,
    signal: controller.signal,
    onEvent: (event) => event.type === "entry" && seen.push(event.entry),
  });
  await expect(turn).rejects.toEqual(new Stopped("stop"));
  expect(results(seen)).toMatchObject([
    { status: "unknown", output: expect.stringContaining("did not end in time") },
  ]);
});
