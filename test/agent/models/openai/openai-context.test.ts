import { expect, test } from "vitest";
import { z } from "zod";

import { defineTool } from "../../../../src/agent/define-tool.ts";
import type { ScriptedRequest, Step } from "../../../../src/testing/twins/openai/script.ts";
import { all, call, say, think } from "../../../../src/testing/twins/openai/steps.ts";
import { said, transcriptOf } from "../../context/said.ts";
import { run } from "../../harness.ts";
import { open } from "./twin-model.ts";

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
