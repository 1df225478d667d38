import { expect, test } from "vitest";

import {
  type CallGuardrail,
  type Guardrail,
  type Verdict,
  verdictMs,
} from "../../src/agent/guardrail.ts";
import type { Model } from "../../src/agent/model.ts";
import { Transcript } from "../../src/agent/transcript.ts";
import { Stopped } from "../../src/core/abort.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { answering, run, tool } from "./harness.ts";

const results = (entries: readonly JournalEntry[]) =>
  entries.flatMap((entry) => (entry.type === "tool-result" ? [entry.result] : []));

const look = (seen: unknown[] = []) =>
  tool("look", async () => {
    seen.push("ran");
    return "the password is kirschkuchen";
  });

test("an answer is shown as the guardrails leave it, each asked about what the one before has left", async () => {
  const guardrails: Guardrail[] = [
    { name: "shout", output: (text) => ({ type: "replace", text: text.toUpperCase() }) },
    { name: "count", output: (text) => ({ type: "replace", text: `${text} (${text.length})` }) },
    { name: "silent" },
  ];
  const { end } = await run({ model: answering("hello"), guardrails });
  expect(end).toEqual({ type: "end", outcome: "answered", text: "HELLO (5)" });
});

test("a rejected answer is not shown, and the model gives another one", async () => {
  const polite: Guardrail = {
    name: "polite",
    output: (text) =>
      text.includes("fool") ? { type: "reject", reason: "it is rude" } : { type: "allow" },
  };
  const model = answering("you fool", "dear colleague");
  const { end, entries } = await run({ model, guardrails: [polite] });
  expect(end).toMatchObject({ outcome: "answered", text: "dear colleague" });
  expect(entries.map(({ type }) => type)).toEqual(["step", "note", "step"]);
  expect(JSON.stringify(model.requests[1]?.items)).toContain("it is rude");
});

test("after too many rejected answers the turn ends", async () => {
  const never: Guardrail = { name: "never", output: () => ({ type: "reject", reason: "no" }) };
  const model = answering("1", "2", "3", "4", "5");
  await expect(run({ model, guardrails: [never] })).rejects.toMatchObject({
    code: "GUARDRAIL_STOPPED",
  });
  expect(model.requests).toHaveLength(4);
});

test.each<[string, Guardrail["output"]]>([
  ["stops", () => ({ type: "stop", reason: "no" })],
  ["can't be asked", () => Promise.reject(new Error("its server is gone"))],
])("a guardrail that %s ends the turn, and nothing is shown", async (_, output) => {
  const guardrail: Guardrail = { name: "strict", ...(output && { output }) };
  await expect(run({ model: answering("hello"), guardrails: [guardrail] })).rejects.toMatchObject({
    code: "GUARDRAIL_STOPPED",
    message: expect.stringContaining("strict"),
  });
});

test("an answer that ends the turn is on record with what it cost, and without its words", async () => {
  const strict: Guardrail = { name: "strict", output: () => ({ type: "stop", reason: "no" }) };
  const answer = answering("kirschkuchen");
  const model: Model = {
    ...answer,
    async *respond(request, context) {
      for await (const event of answer.respond(request, context))
        yield event.type === "completed"
          ? { ...event, response: { ...event.response, provider: { said: "kirschkuchen" } } }
          : event;
    },
  };
  const transcript = new Transcript();
  const entries: JournalEntry[] = [];
  const turn = run({
    model,
    transcript,
    guardrails: [strict],
    onEvent: (event) => event.type === "entry" && entries.push(event.entry),
  });
  await expect(turn).rejects.toMatchObject({ code: "GUARDRAIL_STOPPED" });
  expect(entries).toMatchObject([
    { type: "step", response: { usage: { inputTokens: 100, outputTokens: 10 } } },
    { type: "note", text: expect.stringContaining('"strict" ended the turn: no') },
  ]);
  expect(JSON.stringify([entries, transcript.items])).not.toContain("kirschkuchen");
});

test("a rejected call does not run, and the model is told why; one that is replaced runs so", async () => {
  const seen: unknown[] = [];
  const asked: string[] = [];
  const verdicts: Verdict[] = [
    { type: "reject", reason: "not on Fridays" },
    { type: "replace", text: '{"file":"b"}' },
  ];
  const careful: Guardrail = {
    name: "careful",
    call({ tool: name, args }) {
      asked.push(`${name} ${args}`);
      return verdicts.shift() ?? { type: "allow" };
    },
  };
  const given: unknown[] = [];
  const looking = {
    ...look(seen),
    input: {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate(value: unknown) {
          given.push(value);
          return { value };
        },
      },
    },
  };
  const { entries } = await run({
    model: answering([["look", { file: "a" }]], [["look", { file: "a" }]], "done"),
    tools: [looking],
    guardrails: [careful],
  });
  expect(asked).toEqual(['look {"file":"a"}', 'look {"file":"a"}']);
  expect(results(entries)[0]).toMatchObject({
    status: "failed",
    output: expect.stringContaining("not on Fridays"),
  });
  expect(given).toEqual([{ file: "b" }]);
  expect(seen).toEqual(["ran"]);
});

test("the model sees of a result what the guardrails leave of it", async () => {
  const hide: Guardrail = {
    name: "hide",
    result: ({ output }) => ({ type: "replace", text: output.replace(/kirschkuchen/, "***") }),
  };
  const { entries } = await run({
    model: answering([["look"]], "done"),
    tools: [look()],
    guardrails: [hide],
  });
  expect(results(entries)[0]).toMatchObject({ status: "ok", output: "the password is ***" });
  const block: Guardrail = { name: "block", result: () => ({ type: "reject", reason: "secret" }) };
  const blocked = await run({
    model: answering([["look"]], "done"),
    tools: [look()],
    guardrails: [block],
  });
  expect(results(blocked.entries)[0]?.output).toBe('Kept back by guardrail "block": secret');
});

test("a call that stops the turn has its result on record, without what it gave", async () => {
  const seen: JournalEntry[] = [];
  const stop: Guardrail = { name: "stop", result: () => ({ type: "stop", reason: "leak" }) };
  const turn = run({
    model: answering([["look"]], "done"),
    tools: [look()],
    guardrails: [stop],
    onEvent: (event) => event.type === "entry" && seen.push(event.entry),
  });
  await expect(turn).rejects.toMatchObject({ code: "GUARDRAIL_STOPPED" });
  expect(JSON.stringify(seen)).not.toContain("kirschkuchen");
  expect(results(seen)).toHaveLength(1);
});

test("a tool's own guardrails are asked after the agent's, and about no other tool", async () => {
  const asked: string[] = [];
  const own: CallGuardrail = {
    name: "own",
    call({ tool: name, args }) {
      asked.push(`${name} ${args}`);
      return { type: "allow" };
    },
    result: ({ output }) => ({ type: "replace", text: `${output}, checked` }),
  };
  const common: Guardrail = { name: "common", call: () => ({ type: "replace", text: '{"a":1}' }) };
  const { entries } = await run({
    model: answering([["look"], ["other"]], "done"),
    tools: [{ ...look(), guardrails: [own] }, tool("other", async () => "as it was")],
    guardrails: [common],
  });
  expect(asked).toEqual(['look {"a":1}']);
  expect(
    results(entries)
      .map(({ output }) => output)
      .toSorted(),
  ).toEqual(["as it was", "the password is kirschkuchen, checked"]);
});

test("a guardrail of an answer that says nothing for too long stops the turn", async () => {
  const clock = manualClock();
  const mute: Guardrail = { name: "mute", output: () => new Promise(() => {}) };
  const turn = run({ model: answering("hello"), guardrails: [mute], clock });
  const over = turn.catch((error: unknown) => error);
  await clock.advance(verdictMs);
  expect(await over).toMatchObject({
    code: "GUARDRAIL_STOPPED",
    data: { by: "mute", reason: "it could not be asked: it said nothing for 30 s" },
  });
});

test("what was not looked at before a stop is kept back, and no guardrail keeps a stopped turn waiting", async () => {
  const stop = new AbortController();
  const seen: JournalEntry[] = [];
  const slow: Guardrail = {
    name: "slow",
    result() {
      stop.abort(new Stopped("stop"));
      return new Promise(() => {});
    },
  };
  const turn = run({
    model: answering([["look"]], "never"),
    tools: [look()],
    guardrails: [slow],
    signal: stop.signal,
    onEvent: (event) => event.type === "entry" && seen.push(event.entry),
  });
  await expect(turn).rejects.toMatchObject({ by: "stop" });
  expect(results(seen)).toMatchObject([
    { status: "ok", output: expect.stringContaining("Kept back") },
  ]);
});
