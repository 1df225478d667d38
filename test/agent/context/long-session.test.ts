import { expect, test } from "vitest";
import { z } from "zod";

import { defineTool } from "../../../src/agent/define-tool.ts";
import type { Item, Model, ModelRequest } from "../../../src/agent/model.ts";
import { modelError } from "../../../src/agent/models/model-error.ts";
import type { JournalEntry, ModelResponse } from "../../../src/core/journal.ts";
import { memorySession, run } from "../harness.ts";
import { checkPairs, said, sentText, textOf, transcriptOf } from "./said.ts";

const pages = 2_000;
const contextTokens = 32_000;
const noLimits = { steps: 1e9, tokens: 1e12, ms: 1e12 };

/** Facts stand on few of the pages. */
const factOn = (page: number): string | undefined =>
  page % 311 === 7 ? `FACT ${page}: node-${page} lost its disk.` : undefined;
const facts = Array.from({ length: pages + 1 }, (_, page) => factOn(page)).filter(
  (fact) => fact !== undefined,
);

const readPage = defineTool({
  name: "read_page",
  description: "Reads a page.",
  input: z.object({ page: z.number() }),
  effect: "pure",
  run: ({ page }) =>
    Promise.resolve({
      status: "ok",
      output: `Page ${page}\n${`2026-11-26T10:00:0${page % 10} {"level":"info","n":${page}}\n`.repeat(30)}${factOn(page) ?? ""}`,
      measures: {},
      artifacts: [],
    }),
});

const writeNotes = defineTool({
  name: "write_file",
  description: "Writes a file.",
  input: z.object({ path: z.string(), content: z.string() }),
  effect: "idempotent",
  async run({ path, content }, { session, signal }) {
    const { files } = await session.sandbox();
    await files.write(path, Buffer.from(content), { signal });
    return { status: "ok", output: `Wrote ${path}`, measures: {}, artifacts: [] };
  },
});

type Said = Pick<ModelResponse, "text" | "toolCalls">;

/**
 * Reads page after page and knows nothing but what it is sent. Counts tokens by a denser measure than the harness, and
 * refuses what is too long.
 */
function reader(): Model & {
  readonly sent: { readonly tokens: number; readonly items: number }[];
} {
  const sent: { tokens: number; items: number }[] = [];
  let calls = 0;
  const answer = ({ items, toolChoice }: ModelRequest): Said => {
    const last = lastPage(items);
    const call = (tool: string, args: object): Said => ({
      // As an agent should, it says what it has found when it sees it: outputs do not stay.
      text: factsIn(items.slice(-1).map(textOf).join("")).join("\n"),
      toolCalls: [{ callId: `call_${(calls += 1)}`, tool, args: JSON.stringify(args) }],
    });
    if (toolChoice === "auto" && 0 < last && last < pages)
      return call("read_page", { page: last + 1 });
    const known = items.map(textOf).join("\n");
    const found = factsIn(known);
    if (toolChoice === "none") return { text: `Facts found:\n${found.join("\n")}`, toolCalls: [] };
    if (!known.includes("notes.md"))
      return call("write_file", { path: "notes.md", content: "Plan: blue-green, as agreed." });
    if (last === 0) return call("read_page", { page: 1 });
    const goal = /Tell me at the end the word (\w+)/.exec(known)?.[1];
    const plan = /Plan: (.+)/.exec(known)?.[1];
    const also = /Also say (\w+)/.exec(known)?.[1];
    const decision = /Denied, not granted: .*\(approval (\w+)\)/.exec(known)?.[1];
    return { text: [goal, also, plan, decision, ...found].join("\n"), toolCalls: [] };
  };
  // Texts of items are long, and each is sent many times.
  const lengths = new WeakMap<Item, number>();
  const lengthOf = (item: Item): number => {
    const length = lengths.get(item) ?? textOf(item).length + 1;
    lengths.set(item, length);
    return length;
  };
  return {
    name: "test/reader",
    capabilities: { contextTokens },
    sent,
    async *respond(request) {
      await Promise.resolve();
      checkPairs(request.items);
      const bare = sentText({ ...request, items: [] }).length;
      const length = request.items.reduce((sum, item) => sum + lengthOf(item), bare);
      const tokens = Math.ceil(length / 3.2);
      sent.push({ tokens, items: request.items.length });
      if (tokens > contextTokens)
        throw modelError("test/reader", "too long", { failure: "context" });
      const usage = { inputTokens: tokens, outputTokens: 20 };
      yield { type: "completed", response: { ...answer(request), usage } };
    },
  };
}

const factsIn = (text: string): readonly string[] => [
  ...new Set(text.match(/FACT \d+: node-\d+ lost its disk\./g)),
];

function lastPage(items: readonly Item[]): number {
  const last = items.findLast(
    (item) => item.type === "tool-result" && item.call.tool === "read_page",
  );
  return last?.type === "tool-result" ? Number(JSON.parse(last.call.args).page) : 0;
}

const at = { v: 1, turn: 1, at: 0 } as const;
const asked: readonly JournalEntry[] = [
  said("Read all pages. Tell me at the end the word amber."),
  {
    ...at,
    type: "approval-requested",
    approvalId: "1abcde",
    callId: "x",
    argumentsHash: "h",
    request: { kind: "memory", value: 2 * 1024 ** 3 },
    reason: "a large file",
    expiresAt: 1,
  },
  {
    ...at,
    type: "approval-decided",
    approvalId: "1abcde",
    choice: "deny",
    by: { id: "u1", name: "Ada" },
  },
];

test("a session of 2,000 steps in a window of 32,000 tokens ends with the right answer, at an even cost", async () => {
  const memory = memorySession();
  const model = reader();
  const transcript = transcriptOf(asked);
  let steps = 0;
  const { entries, end } = await run({
    model,
    tools: [readPage, writeNotes],
    transcript,
    memory,
    limits: noLimits,
    steer: async () => {
      steps += 1;
      if (steps === 700) transcript.apply(said("Also say cobalt."));
    },
  });

  const pinned = ["amber", "cobalt", "blue-green, as agreed.", "1abcde"];
  expect(end?.text.split("\n")).toEqual([...pinned, ...facts]);
  expect(steps).toBeGreaterThanOrEqual(pages);
  expect(Math.max(...model.sent.map(({ tokens }) => tokens))).toBeLessThan(contextTokens);
  const most = (from: number, to: number, what: "items" | "tokens"): number =>
    Math.max(...model.sent.slice(from, to).map((sent) => sent[what]));
  for (const what of ["items", "tokens"] as const)
    expect(most(1_500, 2_500, what)).toBeLessThanOrEqual(most(0, 500, what) * 1.1);
  const count = (kind: JournalEntry["type"]): number =>
    entries.filter(({ type }) => type === kind).length;
  // Not at every step: each time spoils the provider's cache.
  expect(count("context-trimmed")).toBeLessThan(pages / 10);
  expect(count("context-summarized")).toBeGreaterThan(3);
  expect(count("context-summarized")).toBeLessThan(pages / 100);
  expect(count("model-failed")).toBe(0);
});
