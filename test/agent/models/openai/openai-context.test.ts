import { expect, test } from "vitest";
import { z } from "zod";

import { defineTool } from "../../../../src/agent/define-tool.ts";
import type { Item } from "../../../../src/agent/model.ts";
import type { ScriptedRequest, Step } from "../../../../src/testing/twins/openai/script.ts";
import { all, call, say, think } from "../../../../src/testing/twins/openai/steps.ts";
import { said, transcriptOf } from "../../context/said.ts";
import { run } from "../../harness.ts";
import { ask, count, open, requestOf, settle, user } from "./twin-model.ts";

const pages = 60;
const contextTokens = 12_000;
const models = { "gpt-5.6-luna": contextTokens };

const readPage = defineTool({
  name: "read_page",
  description: "Reads a page.",
  input: z.object({ page: z.number(), why: z.string() }),
  effect: "pure",
  run: ({ page }) =>
    Promise.resolve({
      status: "ok",
      output: `Page ${page} ${page % 20 === 7 ? `FACT-${page}` : ""}\n${`line of page ${page}\n`.repeat(150)}`,
      measures: {},
      artifacts: [],
    }),
});

/** Knows only what the server sees; says what it has found, and thinks before each call. */
function reader({ items, body }: ScriptedRequest): Step {
  const known = JSON.stringify(items);
  const facts = [...new Set(known.match(/FACT-\d+/g))].join(" ");
  if (body.tool_choice === "none") return say(`Facts found: ${facts}`);
  const calls = items.filter((item) => item.type === "function_call");
  const last = calls.at(-1);
  const page = last === undefined ? 1 : Number(JSON.parse(last.arguments).page) + 1;
  if (page > pages) return say(`${/the word (\w+)/.exec(known)?.[1]}: ${facts}`);
  const found = JSON.stringify(items.at(-1)).match(/FACT-\d+/)?.[0] ?? "";
  const why = `${found} next is ${page} ${"because ".repeat(60)}`;
  return all(think("Hm"), call("read_page", { page, why }));
}

test.each([
  ["keeps the conversation", "server"],
  ["keeps nothing", "none"],
] as const)("a server that %s never gets more than its window in 60 steps", async (_, state) => {
  await using api = await open(reader, { contextTokens, state }, { models });
  const { end, entries } = await run({
    model: api.model,
    tools: [readPage],
    transcript: transcriptOf([said("Read all. Say the word amber.")]),
    limits: { steps: 1_000, tokens: 1e9 },
  });
  expect(end?.text).toBe("amber: FACT-7 FACT-27 FACT-47");
  const kinds = entries.map(({ type }) => type);
  expect(kinds).toContain("context-trimmed");
  expect(kinds).toContain("context-summarized");
  expect(kinds.filter((type) => type === "step")).toHaveLength(pages + 1);
  // None was refused, and none was made in vain.
  const summaries = kinds.filter((type) => type === "context-summarized").length;
  expect(api.bodies()).toHaveLength(pages + 1 + summaries);
});

test("what was cut or summarised is not said by the server's state, which is built anew", async () => {
  await using api = await open(reader, { contextTokens }, { models });
  let wasChanged = false;
  const afterChange: boolean[] = [];
  const wholes: boolean[] = [];
  await run({
    model: api.model,
    tools: [readPage],
    transcript: transcriptOf([said("Read all. Say the word amber.")]),
    limits: { steps: 1_000, tokens: 1e9 },
    onEvent(event) {
      if (event.type !== "entry") return;
      const { type } = event.entry;
      if (type === "context-trimmed" || type === "context-summarized") wasChanged = true;
      if (type !== "step") return;
      const isWhole = api.bodies().at(-1)?.["previous_response_id"] === undefined;
      wholes.push(isWhole);
      if (wasChanged) afterChange.push(isWhole);
      wasChanged = false;
    },
  });
  expect(afterChange.length).toBeGreaterThan(3);
  expect(afterChange).not.toContain(false);
  // The first has nothing before it; every other one is what is new.
  expect(wholes.filter(Boolean)).toHaveLength(afterChange.length + 1);
});

test("tokens are counted as the request would be sent, without what can't be counted", async () => {
  await using api = await open([call("count", { file: "a" })], {
    reasoning: { effort: "high" },
    compactAtTokens: 100_000,
    extra: { service_tier: "flex", text: { verbosity: "low" } },
  });
  const items: Item[] = [user("Count a.")];
  settle(items, (await ask(api.model, requestOf(items))).response);
  const { signal } = new AbortController();
  expect(await api.model.countTokens?.(requestOf(items), { signal })).toBeGreaterThan(50);
  const { path, body } = api.twin.requests.at(-1) ?? {};
  expect(path).toBe("/v1/responses/input_tokens");
  expect(body).toEqual({
    model: "gpt-5.6-luna",
    instructions: "Help.",
    previous_response_id: api.twin.responses[0]?.id,
    input: [expect.objectContaining({ type: "function_call_output" })],
    tools: [expect.objectContaining({ type: "function", name: count.name })],
    tool_choice: "auto",
    reasoning: { effort: "high" },
    text: { verbosity: "low" },
  });
  // What the server has forgotten is not counted, and says so as any failure.
  api.twin.forget();
  await expect(api.model.countTokens?.(requestOf(items), { signal })).rejects.toMatchObject({
    code: "MODEL_FAILED",
    data: { status: 400 },
  });
});

test("left to the API, it makes the conversation shorter before the harness would", async () => {
  await using api = await open(
    ({ items, body }) => {
      const calls = items.filter(({ type }) => type === "function_call").length;
      const page = calls + items.filter(({ type }) => type === "compaction").length * 100;
      return page > 330 || body.tool_choice === "none"
        ? say("done")
        : call("read_page", { page, why: "next" });
    },
    { contextTokens, compactAtTokens: "auto" },
    { models },
  );
  expect(api.model.capabilities.compactsAtTokens).toBe(contextTokens * 0.6);
  const { entries } = await run({
    model: api.model,
    tools: [readPage],
    transcript: transcriptOf([said("Read all.")]),
    limits: { steps: 40, tokens: 1e9 },
  });
  const kinds = entries.map(({ type }) => type);
  expect(kinds.filter((type) => type === "step").length).toBeGreaterThan(20);
  expect(kinds).not.toContain("context-trimmed");
  expect(kinds).not.toContain("context-summarized");
  const compacted = entries.filter((entry) => entry.type === "step" && entry.response.compacted);
  expect(compacted.length).toBeGreaterThan(2);
  // What comes at once is more than it is left to.
  const huge = defineTool({
    name: "read_page",
    description: "Reads a page.",
    input: z.object({ page: z.number(), why: z.string() }),
    effect: "pure",
    run: () =>
      Promise.resolve({ status: "ok", output: "p".repeat(40_000), measures: {}, artifacts: [] }),
  });
  await using second = await open(
    ({ items }) =>
      items.some(({ type }) => type === "function_call")
        ? say("done")
        : all(...[1, 2, 3, 4, 5, 6].map((page) => call("read_page", { page, why: "all" }))),
    { contextTokens, compactAtTokens: "auto" },
    { models },
  );
  const jump = await run({
    model: second.model,
    tools: [huge],
    transcript: transcriptOf([said("Read.")]),
  });
  expect(jump.end?.text).toBe("done");
  expect(jump.entries.map(({ type }) => type)).toContain("context-trimmed");
  // None was refused.
  expect(second.bodies()).toHaveLength(2);
});
