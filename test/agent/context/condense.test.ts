import { expect, test } from "vitest";

import type { JournalEntry } from "../../../src/core/journal.ts";
import { said, textOf, transcriptOf } from "./said.ts";

const at = { v: 1, turn: 1, at: 0 } as const;
const usage = { inputTokens: 0, outputTokens: 0 };
const step = (number: number): JournalEntry => ({
  ...at,
  type: "step",
  step: number,
  response: { text: `answer ${number}`, toolCalls: [], usage },
  intents: [],
});
const summarized = (pinnedTokens: number, before = 2): JournalEntry => ({
  ...at,
  type: "context-summarized",
  before: { turn: 1, step: before },
  pinnedTokens,
  text: "SUMMARY",
  file: "all.md",
  used: [],
});
const decided = (approvalId: string): JournalEntry => ({
  ...at,
  type: "approval-decided",
  approvalId,
  choice: "once",
  by: { id: "u1", name: "Ada" },
});
const shown = (...entries: readonly JournalEntry[]): readonly string[] =>
  transcriptOf(entries).items.map(textOf);

test("people's words and decisions stay in their order, and the newest steps whole", () => {
  const items = shown(
    said("first"),
    { ...at, type: "note", text: "gone" },
    decided("1aaaaa"),
    step(1),
    said("second"),
    step(2),
    summarized(1_000),
  );
  expect(items).toEqual([
    "Ada: first ",
    expect.stringContaining("approval 1aaaaa"),
    "Ada: second ",
    expect.stringMatching(/SUMMARY$/),
    "answer 2",
  ]);
});

test("where there is not enough room, the first words, decisions and the latest words stay, and it is said", () => {
  const messages = Array.from({ length: 50 }, (_, index) =>
    said(`word ${index} ${"w".repeat(100)}`, `m${index}`),
  );
  const items = shown(...messages, decided("1aaaaa"), step(1), step(2), summarized(300));
  const words = items.flatMap((text) => /word (\d+)/.exec(text)?.[1] ?? []);
  expect(words[0]).toBe("0");
  expect(words.slice(1)).toEqual(words.slice(1).toSorted((a, b) => Number(a) - Number(b)));
  expect(words.at(-1)).toBe("49");
  expect(words.length).toBeLessThan(12);
  expect(items.join("\n")).toContain("approval 1aaaaa");
  expect(items.join("\n")).toContain(`${50 - words.length} of their older messages and decisions`);
});

test("long words stay as head and tail, and say where all of them are", () => {
  const items = shown(said(`begin ${"x".repeat(20_000)} end`), step(1), step(2), summarized(1_000));
  expect(items[0]).toMatch(
    /^Ada: begin x+\n\[… \d+ bytes left out …\]\nx+ end\n\[all of it is in all\.md\]/,
  );
  expect(items[0]?.length).toBeLessThan(1_200);
});

test("a summary takes the place of the one before", () => {
  const items = shown(
    said("first"),
    step(1),
    step(2),
    summarized(500),
    step(3),
    summarized(500, 3),
  );
  expect(items.filter((text) => text.includes("SUMMARY"))).toHaveLength(1);
  expect(items).toHaveLength(3);
});

test("a summary up to an answer that is not there changes nothing", () => {
  const entries = [said("first"), step(1), step(2)];
  expect(shown(...entries, summarized(500, 7))).toEqual(shown(...entries));
});

test("results that come after it find their call", () => {
  const call = { callId: "c", tool: "look", args: "{}" };
  const items = shown(
    said("first"),
    step(1),
    {
      ...at,
      type: "step",
      step: 2,
      response: { text: "", toolCalls: [call], usage },
      intents: [{ ...call, executionId: "e", effect: "pure" }],
    },
    summarized(500),
    {
      ...at,
      type: "tool-result",
      callId: "c",
      result: { status: "ok", output: "seen", measures: {}, artifacts: [] },
    },
  );
  expect(items.slice(-2)).toEqual(["\nlook {}", "seen"]);
});
