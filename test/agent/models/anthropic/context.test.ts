import { expect, test } from "vitest";
import { z } from "zod";

import { defineTool } from "../../../../src/agent/define-tool.ts";
import { call, say, think, together } from "../../../../src/testing/twins/scripting/step.ts";
import { said as message, transcriptOf } from "../../context/said.ts";
import { run } from "../../harness.ts";
import { isCreate, name, shell, start, user } from "./support.ts";

const pages = 40;
const contextTokens = 14_000;

const readPage = defineTool({
  name: "read_page",
  description: "Reads a page.",
  input: z.object({ page: z.number(), found: z.string(), why: z.string() }),
  effect: "pure",
  run: ({ page }) =>
    Promise.resolve({
      status: "ok",
      output: `Page ${page} ${page % 20 === 7 ? `FACT-${page}` : ""}\n${`line of page ${page}\n`.repeat(150)}`,
      measures: {},
      artifacts: [],
    }),
});

test.each([
  ["thinks before each call", { budgetTokens: 1_024 }],
  ["thinks as it sees fit", "adaptive"],
] as const)(
  "a model that %s never gets more than its window, and keeps to the rules",
  async (_, thinking) => {
    await using api = await start(
      ({ body }) => {
        const known = JSON.stringify(body);
        const facts = [...new Set(known.match(/FACT-\d+/g))].join(" ");
        if (JSON.stringify(Object(body).tool_choice) === '{"type":"none"}')
          return say(`Facts found: ${facts}`);
        const page =
          Math.max(0, ...[...known.matchAll(/"page":(\d+)/g)].map(([, n]) => Number(n))) + 1;
        if (page > pages) return say(`${/the word (\w+)/.exec(known)?.[1]}: ${facts}`);
        const newest = JSON.stringify(Object(body).messages.at(-1));
        const found = /FACT-\d+/.exec(newest)?.[0] ?? "";
        const args = { page, found, why: "because ".repeat(60) };
        const asks = together(
          say(`Next is ${page}. ${"So far so good. ".repeat(40)}`),
          call("read_page", args),
        );
        return Object(body).thinking?.type === "disabled" ? asks : together(think("Hm"), asks);
      },
      {
        contextTokens,
        thinking,
        maxOutputTokens: 2_000,
        twin: { models: [{ id: name, contextTokens, countsMaxTokens: true }] },
      },
    );
    const { end, entries } = await run({
      model: api.model,
      tools: [readPage],
      transcript: transcriptOf([message("Read all. Say the word amber.")]),
      limits: { steps: 1_000, tokens: 1e9 },
    });
    expect(end?.text).toBe("amber: FACT-7 FACT-27");
    const kinds = entries.map(({ type }) => type);
    const summaries = kinds.filter((type) => type === "context-summarized").length;
    expect(summaries).toBeGreaterThan(0);
    expect(kinds).toContain("context-trimmed");
    // None was refused.
    expect(api.twin.requests.filter(isCreate)).toHaveLength(pages + 1 + summaries);
  },
);

test("tokens are counted as the request would be sent, without what can't be counted", async () => {
  await using api = await start([], {
    clearToolUsesAtTokens: 50_000,
    extra: { service_tier: "auto" },
  });
  const request = {
    instructions: "Help.",
    items: [user("Is the disk full?")],
    tools: [shell],
    toolChoice: "auto",
    sessionKey: "k",
    stepKey: "s",
  } as const;
  const { signal } = new AbortController();
  expect(await api.model.countTokens?.(request, { signal })).toBeGreaterThan(10);
  expect(api.twin.requests).toMatchObject([
    {
      path: "/v1/messages/count_tokens",
      headers: { "anthropic-beta": "context-management-2025-06-27" },
    },
  ]);
  expect(Object.keys(api.body()).toSorted()).toEqual([
    "context_management",
    "messages",
    "model",
    "system",
    "tools",
  ]);
  await using other = await start([], { model: "claude-none" });
  await expect(other.model.countTokens?.(request, { signal })).rejects.toMatchObject({
    code: "MODEL_FAILED",
    data: { failure: "not-found" },
  });
});
